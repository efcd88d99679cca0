/* SPDX-License-Identifier: BSD-2-Clause
 * The connection: one send and as many reads as the answer needs. */
#include "http.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum sl_err
http_open(struct http *h, uint16_t port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
	int one = 1;

	h->port = port;
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	h->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (h->fd < 0)
		return SL_EIO;
	if (connect(h->fd, (struct sockaddr *)&to, sizeof to) != 0) {
		close(h->fd);
		return SL_EIO;
	}
	setsockopt(h->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	return SL_OK;
}

void
http_close(struct http *h)
{
	close(h->fd);
}

static enum sl_err
send_ask(struct http *h, const struct http_ask *ask)
{
	int head = snprintf(h->out, sizeof h->out,
	        "POST %s HTTP/1.1\r\nHost: bench\r\nContent-Type: %s\r\n%s%s%sContent-Length: "
	        "%zu\r\n\r\n",
	        ask->path, ask->content_type, ask->oscore != NULL ? "OSCORE: " : "",
	        ask->oscore != NULL ? ask->oscore : "", ask->oscore != NULL ? "\r\n" : "",
	        ask->body.len);
	size_t len = (size_t)head + ask->body.len, sent = 0;

	if (head < 0 || len > sizeof h->out)
		return SL_ESPACE;
	memcpy(h->out + head, ask->body.ptr, ask->body.len);
	while (sent < len) {
		ssize_t n = send(h->fd, h->out + sent, len - sent, MSG_NOSIGNAL);

		if (n <= 0)
			return SL_EIO;
		sent += (size_t)n;
	}
	return SL_OK;
}

/* The value of a field line, with a NUL at its end; NULL: not there. */
static char *
field(char *head, const char *name)
{
	size_t len = strlen(name);
	char *line = strstr(head, "\r\n");

	while (line != NULL) {
		line += 2;
		if (strncasecmp(line, name, len) == 0 && line[len] == ':') {
			line += len + 1;
			return line + strspn(line, " ");
		}
		line = strstr(line, "\r\n");
	}
	return NULL;
}

static enum sl_err
read_more(struct http *h, size_t *len)
{
	ssize_t n;

	if (*len >= sizeof h->in - 1)
		return SL_ESPACE;
	n = recv(h->fd, h->in + *len, sizeof h->in - 1 - *len, 0);
	if (n <= 0)
		return SL_EIO;
	*len += (size_t)n;
	h->in[*len] = '\0';
	return SL_OK;
}

static enum sl_err
read_answer(struct http *h, struct http_answer *answer)
{
	size_t len = 0, body_len = 0;
	char *end = NULL, *length, *oscore;
	enum sl_err err = SL_OK;

	while (err == SL_OK && end == NULL) {
		err = read_more(h, &len);
		end = err == SL_OK ? strstr(h->in, "\r\n\r\n") : NULL;
	}
	if (err != SL_OK)
		return err;
	end[2] = '\0';
	if (strncmp(h->in, "HTTP/1.1 ", 9) != 0)
		return SL_EMALFORMED;
	answer->status = (int)strtol(h->in + 9, NULL, 10);
	length = field(h->in, "Content-Length");
	oscore = field(h->in, "OSCORE");
	body_len = length != NULL ? strtoul(length, NULL, 10) : 0;
	while (err == SL_OK && (size_t)(h->in + len - (end + 4)) < body_len)
		err = read_more(h, &len);
	if (oscore != NULL)
		oscore[strcspn(oscore, "\r")] = '\0';
	answer->oscore = oscore;
	answer->body = sl_span(end + 4, body_len);
	return err;
}

enum sl_err
http_post(struct http *h, const struct http_ask *ask, struct http_answer *answer)
{
	enum sl_err err = send_ask(h, ask);

	return err == SL_OK ? read_answer(h, answer) : err;
}
