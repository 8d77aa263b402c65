// The port needs a console buffer to link. A ring of one byte can hold no byte: it stays empty.
#include "py/ringbuf.h"

static uint8_t nothing[1];
ringbuf_t stdin_ringbuf = { nothing, sizeof(nothing) };
