// MicroPython's rp2 port, with nothing in it that could move a strike past firmware/controller.py.
#define MICROPY_HW_BOARD_NAME "Doorward controller"

// The key of the pair: two sectors of 4 KiB at the end of the flash, and no file system anywhere.
#define MICROPY_HW_FLASH_STORAGE_BYTES (8 * 1024)

// No console: over USB's one, whoever holds the host could stop the program and drive the pins himself.
#define MICROPY_HW_ENABLE_USBDEV (0)
#define MICROPY_HW_USB_CDC (0)
#define MICROPY_HW_USB_MSC (0)
#define MICROPY_PY_OS_DUPTERM (0)

// One loop on one core.
#define MICROPY_PY_THREAD (0)
