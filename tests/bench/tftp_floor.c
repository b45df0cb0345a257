/* What the kernel alone takes to send a file in lockstep: a server that keeps nothing in mind.
 *
 *   tftp_floor ADDRESS FILE
 *
 * One socket. A request is answered with an OACK that grants the block size it names, and the acknowledgement of
 * block N with block N + 1 of FILE, from memory: two system calls a block, no timer, no check, no second file, blocks of
 * 1468. No TFTP server that acknowledges block by block can be cheaper, whoever writes it. For benchmarks only. */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/bench/load.h"

#define BLKSIZE 1468
#define RRQ 1
#define ACK 4

int main(int argc, char **argv)
{
	static const char oack[] = "\0\6blksize\0"
				   "1468";
	struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(69)}, from;
	uint8_t packet[1024], block[4 + BLKSIZE] = {0, 3};
	uint64_t size;

	if (argc != 3 || inet_pton(AF_INET, argv[1], &own.sin_addr) != 1)
		return 2;
	const uint8_t *file = load_file(argv[2], &size);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &(int){8 << 20}, sizeof(int));
	if (fd < 0 || bind(fd, (const struct sockaddr *)&own, sizeof(own)) < 0)
		load_die("socket");
	for (;;) {
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(fd, packet, sizeof(packet), 0, (struct sockaddr *)&from, &len);

		if (n < 4)
			continue;
		if (packet[1] == RRQ)
			(void)sendto(fd, oack, sizeof(oack), 0, (struct sockaddr *)&from, len);
		if (packet[1] != ACK)
			continue;
		size_t acked = (size_t)packet[2] << 8 | packet[3], at = acked * BLKSIZE;
		if (at > size) /* that was the last one */
			continue;
		size_t left = size - at < BLKSIZE ? size - at : BLKSIZE;
		block[2] = (uint8_t)((acked + 1) >> 8);
		block[3] = (uint8_t)(acked + 1);
		memcpy(block + 4, file + at, left);
		(void)sendto(fd, block, 4 + left, 0, (struct sockaddr *)&from, len);
	}
}
