/* Memory for libcamera's virtual camera on kernels without /dev/udmabuf and without a DMA heap.
 *
 * Preloaded (LD_PRELOAD), it replaces these devices with memory files, which can be mapped and shared in the same
 * way. Only the tests use it: on a Raspberry Pi the kernel has both devices.
 *
 * Numbers: linux/udmabuf.h, linux/dma-heap.h, linux/dma-buf.h.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

struct udmabuf_create {
    uint32_t memfd, flags;
    uint64_t offset, size;
};

struct dma_heap_allocation {
    uint64_t length;
    uint32_t fd, fd_flags;
    uint64_t heap_flags;
};

#define UDMABUF_CREATE _IOW('u', 0x42, struct udmabuf_create)
#define DMA_HEAP_ALLOC _IOWR('H', 0x0, struct dma_heap_allocation)
#define DMA_BUF_SYNC _IOW('b', 0, uint64_t)
#define DMA_BUF_SET_NAME_32 _IOW('b', 1, uint32_t)
#define DMA_BUF_SET_NAME_64 _IOW('b', 1, uint64_t)

/* A replaced device is any open file, because only its ioctl is used. */
static int played(const char *path)
{
    return path && (!strcmp(path, "/dev/udmabuf") || !strncmp(path, "/dev/dma_heap/", 14));
}

static mode_t mode_of(int flags, va_list arguments)
{
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

#define OPEN(name)                                                                                                     \
    int name(const char *path, int flags, ...)                                                                         \
    {                                                                                                                  \
        static int (*real)(const char *, int, ...);                                                                    \
        va_list arguments;                                                                                             \
        va_start(arguments, flags);                                                                                    \
        mode_t mode = mode_of(flags, arguments);                                                                       \
        va_end(arguments);                                                                                             \
        if (played(path))                                                                                              \
            return memfd_create("played", MFD_CLOEXEC);                                                                \
        if (!real)                                                                                                     \
            real = dlsym(RTLD_NEXT, #name);                                                                            \
        return real(path, flags, mode);                                                                                \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                                                                   \
    int name(int folder, const char *path, int flags, ...)                                                             \
    {                                                                                                                  \
        static int (*real)(int, const char *, int, ...);                                                               \
        va_list arguments;                                                                                             \
        va_start(arguments, flags);                                                                                    \
        mode_t mode = mode_of(flags, arguments);                                                                       \
        va_end(arguments);                                                                                             \
        if (played(path))                                                                                              \
            return memfd_create("played", MFD_CLOEXEC);                                                                \
        if (!real)                                                                                                     \
            real = dlsym(RTLD_NEXT, #name);                                                                            \
        return real(folder, path, flags, mode);                                                                        \
    }
OPENAT(openat)
OPENAT(openat64)

static int heap_allocation(struct dma_heap_allocation *wanted)
{
    int memory = memfd_create("heap", MFD_CLOEXEC);
    if (memory < 0 || ftruncate(memory, (off_t)wanted->length) < 0)
        return -1;
    wanted->fd = (uint32_t)memory;
    return 0;
}

int ioctl(int fd, unsigned long request, ...)
{
    static int (*real)(int, unsigned long, ...);
    va_list arguments;
    va_start(arguments, request);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    switch ((uint32_t)request) {
    case (uint32_t)UDMABUF_CREATE:
        return dup((int)((struct udmabuf_create *)argument)->memfd);
    case (uint32_t)DMA_HEAP_ALLOC:
        return heap_allocation(argument);
    case (uint32_t)DMA_BUF_SYNC: /* the memory belongs to the processor: no wait is needed */
    case (uint32_t)DMA_BUF_SET_NAME_32:
    case (uint32_t)DMA_BUF_SET_NAME_64:
        return 0;
    }
    if (!real)
        real = dlsym(RTLD_NEXT, "ioctl");
    return real(fd, request, argument);
}
