// MicroPython's rp2 port, without any part that could drive the strike besides firmware/controller.py.
#define MICROPY_HW_BOARD_NAME "Doorward controller"

// The key of the pair: two sectors of 4 KiB at the end of the flash. There is no file system.
#define MICROPY_HW_FLASH_STORAGE_BYTES (8 * 1024)

// No console: an attacker on the host could stop the program over USB and drive the pins.
#define MICROPY_HW_ENABLE_USBDEV (0)
#define MICROPY_HW_USB_CDC (0)
#define MICROPY_HW_USB_MSC (0)
#define MICROPY_PY_OS_DUPTERM (0)

// One loop on one core.
#define MICROPY_PY_THREAD (0)
