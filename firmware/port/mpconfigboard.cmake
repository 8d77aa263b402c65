set(PICO_BOARD "pico")  # for any RP2040 board with 2 MiB of flash and a crystal of 12 MHz
set(PICO_PLATFORM "rp2040")
list(APPEND MICROPY_SOURCE_BOARD ${MICROPY_BOARD_DIR}/console.c)
