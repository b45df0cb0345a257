#include "tests/unit/test.h"

#include "netboot/disk/warm.h"

static const struct warm_piece piece = {.device = 8, .inode = 12, .number = 3};

TEST(a_piece_is_known_for_a_moment)
{
	static struct warm w;

	assert_false(warm_knows(&w, piece, 5000));
	warm_note(&w, piece, 5000);
	assert_true(warm_knows(&w, piece, 5000));
	assert_true(warm_knows(&w, piece, 5000 + WARM_MS - 1));
	assert_false(warm_knows(&w, piece, 5000 + WARM_MS));
}

TEST(no_other_piece_is_known_by_it)
{
	static struct warm w;
	struct warm_piece next = piece, file = piece, disk = piece, far = piece;

	warm_note(&w, piece, 5000);
	next.number++;
	file.inode++;
	disk.device++;
	far.number += WARM_PIECES; /* where this one is */
	assert_false(warm_knows(&w, next, 5000));
	assert_false(warm_knows(&w, file, 5000));
	assert_false(warm_knows(&w, disk, 5000));
	assert_false(warm_knows(&w, far, 5000));
	warm_note(&w, far, 5000);
	assert_true(warm_knows(&w, far, 5000));
	assert_false(warm_knows(&w, piece, 5000));
}

TEST(a_whole_image_is_known_at_once)
{
	static struct warm w;
	struct warm_piece p = piece;

	for (p.number = 0; p.number < WARM_PIECES; p.number++)
		warm_note(&w, p, 5000);
	for (p.number = 0; p.number < WARM_PIECES; p.number++)
		assert_true(warm_knows(&w, p, 5000));
}

RUN(t(a_piece_is_known_for_a_moment), t(no_other_piece_is_known_by_it),
	t(a_whole_image_is_known_at_once))
