/* reader.h - a process that waits for the disk so that netboot need not.
 *
 * Forked from netboot before it locks itself in, locked in like it, and left with one channel: it opens what it is
 * asked to open, and reads what is to be in the page cache. Ends when netboot does. */
#ifndef SLIPWAY_DISK_READER_H
#define SLIPWAY_DISK_READER_H

#include "provisioner/base/mem.h"

#define READERS 5

/* Forks them. In netboot 0, with a channel to each; in a reader the descriptor of its channel (more than 0), which
 * reader_run() takes, and nothing else of netboot's but its standard streams and its folders, which the lock needs. A
 * negative errno. */
int reader_fork(int ret_channels[static READERS]) MUST_USE;

/* Works until netboot is gone. An exit status. */
int reader_run(int channel);

#endif
