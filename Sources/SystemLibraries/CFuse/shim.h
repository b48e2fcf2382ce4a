// The version of the libfuse interface that this project is written against; defined here only.
#define FUSE_USE_VERSION 312
#include <fuse_lowlevel.h>
// Not part of the Swift module of the C library.
#include <sys/eventfd.h>
