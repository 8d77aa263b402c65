set(PICO_BOARD "pico")  # 2 MiB of flash, a crystal of 12 MHz: any RP2040 board that has both
set(PICO_PLATFORM "rp2040")
list(APPEND MICROPY_SOURCE_BOARD ${MICROPY_BOARD_DIR}/console.c)
