#include "netboot/disk/warm.h"

#include <stddef.h>

/* The pieces of one file lie beside one another, so up to WARM_PIECES of them never meet. */
static size_t slot_of(struct warm_piece p)
{
	uint64_t file = ((uint64_t)p.inode ^ (uint64_t)p.device << 32) * 0x9e3779b97f4a7c15;

	return (size_t)(((file >> 32) + p.number) % WARM_PIECES);
}

static bool is_same(struct warm_piece a, struct warm_piece b)
{
	return a.number == b.number && a.inode == b.inode && a.device == b.device;
}

void warm_note(struct warm *w, struct warm_piece piece, int64_t now_ms)
{
	size_t i = slot_of(piece);

	w->slots[i].piece = piece;
	w->slots[i].until_ms = now_ms + WARM_MS;
}

bool warm_knows(const struct warm *w, struct warm_piece piece, int64_t now_ms)
{
	size_t i = slot_of(piece);

	return w->slots[i].until_ms > now_ms && is_same(w->slots[i].piece, piece);
}
