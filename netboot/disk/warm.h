/* warm.h - pieces of files that were found in the page cache a moment ago. Pure.
 *
 * To ask the kernel about a piece takes nine calls, and a hall that loads one image would ask about each of its pieces
 * hundreds of times a second. What was sent a moment ago is what the kernel drops last. */
#ifndef SLIPWAY_DISK_WARM_H
#define SLIPWAY_DISK_WARM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define WARM_MS 1000     /* a moment */
#define WARM_PIECES 4096 /* that are remembered: newer ones take their places */

struct warm_piece {
	dev_t device;
	ino_t inode;
	uint64_t number; /* of the piece in its file, from 0 */
};

struct warm {
	struct {
		struct warm_piece piece;
		int64_t until_ms; /* 0: none */
	} slots[WARM_PIECES];
};

void warm_note(struct warm *w, struct warm_piece piece, int64_t now_ms);
bool warm_knows(const struct warm *w, struct warm_piece piece, int64_t now_ms);

#endif
