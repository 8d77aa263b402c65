// The port reads its console from here, and expects one. Room for one byte is room for none: it stays empty.
#include "py/ringbuf.h"

static uint8_t nothing[1];
ringbuf_t stdin_ringbuf = { nothing, sizeof(nothing) };
