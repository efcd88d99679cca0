/* SPDX-License-Identifier: BSD-2-Clause
 * One UDP socket that speaks for as many IPv4 addresses of this machine as one likes (127.0.0.0/8 has sixteen
 * million): each datagram leaves from the address that is asked for, and says to which it came. In batches. */
#ifndef ABUSE_WIRE_H
#define ABUSE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <netinet/in.h>
#include <sys/socket.h>

#define WIRE_BATCH   64
#define WIRE_BYTES   1600
#define WIRE_CONTROL 64

struct wire_batch {
	struct mmsghdr heads[WIRE_BATCH];
	struct iovec vectors[WIRE_BATCH];
	_Alignas(struct cmsghdr) char controls[WIRE_BATCH][WIRE_CONTROL];
	uint8_t bytes[WIRE_BATCH][WIRE_BYTES];
	struct sockaddr_in names[WIRE_BATCH];
};

struct wire {
	int fd;
	struct sockaddr_in target;
	struct wire_batch out, in;
	size_t out_count;
	uint64_t sent, received, not_sent;
};

/* host: in host byte order. */
typedef void (*wire_fn)(void *ctx, uint32_t host, const uint8_t *bytes, size_t len);

/* Ends the program when it cannot. */
void wire_open(struct wire *w, const char *address, const char *port);
void wire_send(struct wire *w, uint32_t host, const uint8_t *bytes, size_t len);
void wire_flush(struct wire *w);
/* What is there; the number of datagrams. */
size_t wire_receive(struct wire *w, wire_fn fn, void *ctx);
/* Until something is there, or the time is over. */
void wire_wait(const struct wire *w, int timeout_ms);

uint64_t wire_now_us(void);
/* xorshift64; *state is not 0. */
uint64_t wire_draw(uint64_t *state);
uint64_t wire_digest(const uint8_t *bytes, size_t len);
/* The number behind "name=" among the arguments, or otherwise. */
uint64_t wire_argument(int argc, char **argv, const char *name, uint64_t otherwise);
/* The text behind it, or NULL. */
const char *wire_text_argument(int argc, char **argv, const char *name);

#endif
