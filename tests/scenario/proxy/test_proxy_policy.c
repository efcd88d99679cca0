/* SPDX-License-Identifier: BSD-2-Clause
 * Hostile targets against a forward allow-list, through the whole core: every second spelling of an
 * address, every other scheme, every byte that two parsers could read differently. None may reach the
 * origin side (RFC 3986 section 7.4, RFC 6890; threats T11 and T12). */
#include <stdio.h>
#include <string.h>

#include "lab.h"

/* Two of the entries are addresses, so that their other spellings have something to reach. */
#define CONFIG                                                                                     \
	"listen: [\"127.0.0.1:5683\"]\nnames: [proxy.example]\n"                                   \
	"forward: {allow: [{origin: \"https://est.example\"}, {origin: \"https://1.1.1.1\"},\n"    \
	"   {origin: \"https://[2606:4700::1111]:8443\"},\n"                                       \
	"   {origin: \"http://10.1.2.3:8080\", plain-http: [\"10.1.2.3/32\"]}]}\n"                 \
	"trusted-prefixes: [\"192.0.2.0/24\"]\nlimits: {requests-per-second: 0}\n"

#define S(literal) (literal), sizeof(literal) - 1
#define FORWARDED  0
#define BAD        SL_COAP_CODE(4, 0)
#define OPTION     SL_COAP_CODE(4, 2)
#define OURS       SL_COAP_CODE(4, 4) /* ourselves, where nothing is routed */
#define REFUSED    SL_COAP_CODE(5, 5)

/* clang-format off */
static const struct uri_row {
	const char *because;
	uint8_t want;
	const char *uri;
	size_t len;
} uris[] = {
	/* what may pass, so that the rest means something */
	{"an entry", FORWARDED, S("https://est.example/")},
	{"an entry with its port", FORWARDED, S("https://est.example:443/")},
	{"schemes and names have no case", FORWARDED, S("HTTPS://EST.Example/")},
	{"an IPv4 entry", FORWARDED, S("https://1.1.1.1/")},
	{"an IPv6 entry", FORWARDED, S("https://[2606:4700::1111]:8443/")},
	{"IPv6 has one spelling inside", FORWARDED, S("https://[2606:4700:0:0:0:0:0:1111]:8443/")},
	{"IPv6 digits have no case", FORWARDED, S("https://[2606:4700::1111]:8443")},
	{"plain http to its named address", FORWARDED, S("http://10.1.2.3:8080/")},
	/* other spellings of an IPv4 address */
	{"decimal", REFUSED, S("https://16843009/")},
	{"hex", REFUSED, S("https://0x01010101/")},
	{"hex in upper case", REFUSED, S("https://0X1010101/")},
	{"octal", REFUSED, S("https://0100200401/")},
	{"octal in parts", REFUSED, S("https://01.01.01.01/")},
	{"octal with more zeros", REFUSED, S("https://0001.1.1.1/")},
	{"hex in parts", REFUSED, S("https://0x1.0x1.0x1.0x1/")},
	{"one part in hex", REFUSED, S("https://1.1.1.0x1/")},
	{"two parts", REFUSED, S("https://1.65793/")},
	{"three parts", REFUSED, S("https://1.1.257/")},
	{"a dot behind", REFUSED, S("https://1.1.1.1./")},
	{"a dot before", REFUSED, S("https://.1.1.1.1/")},
	{"five parts", REFUSED, S("https://1.1.1.1.1/")},
	{"a part over 255", REFUSED, S("https://1.1.1.257/")},
	{"a part that wraps at 32 bits", REFUSED, S("https://1.1.1.4294967297/")},
	{"a decimal that wraps at 32 bits", REFUSED, S("https://4311810305/")},
	{"a sign", REFUSED, S("https://+1.1.1.1/")},
	{"a minus", REFUSED, S("https://-1.1.1.1/")},
	{"a name that ends in a number", REFUSED, S("https://est.1/")},
	{"hex without digits", REFUSED, S("https://1.1.1.0x/")},
	{"IPv4 in brackets", REFUSED, S("https://[1.1.1.1]/")},
	{"loopback in decimal", REFUSED, S("http://2130706433/")},
	{"loopback in hex", REFUSED, S("http://0x7f000001/")},
	{"loopback in octal", REFUSED, S("http://017700000001/")},
	{"loopback in octal parts", REFUSED, S("http://0177.0.0.1/")},
	{"loopback in short", REFUSED, S("http://127.1/")},
	{"loopback in three parts", REFUSED, S("http://127.0.1/")},
	{"loopback in mixed parts", REFUSED, S("http://0x7f.0.0.01/")},
	{"nothing but zero", REFUSED, S("http://0/")},
	{"zero in hex", REFUSED, S("http://0x0/")},
	{"metadata in decimal", REFUSED, S("http://2852039166/")},
	{"metadata in hex", REFUSED, S("http://0xa9fea9fe/")},
	{"metadata in octal parts", REFUSED, S("http://0251.0376.0251.0376/")},
	{"metadata in short", REFUSED, S("http://169.16689662/")},
	{"an entry with a zero in front", REFUSED, S("http://010.1.2.3:8080/")},
	{"an entry in decimal", REFUSED, S("http://167838211:8080/")},
	/* ranges, as plain literals */
	{"this network", REFUSED, S("http://0.0.0.0/")},
	{"loopback", REFUSED, S("http://127.0.0.1/")},
	{"loopback, our admin port maybe", REFUSED, S("http://127.0.0.1:9090/")},
	{"the end of loopback", REFUSED, S("https://127.255.255.254/")},
	{"link local", REFUSED, S("http://169.254.0.1/")},
	{"metadata of clouds", REFUSED, S("http://169.254.169.254/latest/meta-data")},
	{"metadata over TLS", REFUSED, S("https://169.254.169.254/")},
	{"metadata of containers", REFUSED, S("http://169.254.170.2/")},
	{"metadata of another cloud", REFUSED, S("http://100.100.100.200/")},
	{"private 10", REFUSED, S("http://10.0.0.1/")},
	{"the neighbour of an entry", REFUSED, S("http://10.1.2.4:8080/")},
	{"private 172.16", REFUSED, S("https://172.16.0.1/")},
	{"private 192.168", REFUSED, S("https://192.168.1.1/")},
	{"shared", REFUSED, S("https://100.64.0.1/")},
	{"benchmarks", REFUSED, S("https://198.18.0.1/")},
	{"documentation", REFUSED, S("https://203.0.113.1/")},
	{"multicast", REFUSED, S("http://224.0.1.187/")},
	{"reserved", REFUSED, S("http://240.0.0.1/")},
	{"broadcast", REFUSED, S("http://255.255.255.255/")},
	{"IPv6 loopback", REFUSED, S("http://[::1]/")},
	{"IPv6 loopback in full", REFUSED, S("http://[0:0:0:0:0:0:0:1]/")},
	{"IPv6 unspecified", REFUSED, S("http://[::]/")},
	{"IPv6 link local", REFUSED, S("http://[fe80::1]/")},
	{"IPv6 site local", REFUSED, S("http://[fec0::1]/")},
	{"IPv6 unique local", REFUSED, S("https://[fd00::1]/")},
	{"metadata over IPv6", REFUSED, S("http://[fd00:ec2::254]/")},
	{"IPv6 multicast", REFUSED, S("http://[ff02::fd]/")},
	{"IPv6 documentation", REFUSED, S("https://[2001:db8::1]/")},
	/* IPv4 inside IPv6, and other IPv6 */
	{"mapped with dots", REFUSED, S("https://[::ffff:1.1.1.1]/")},
	{"mapped in hex", REFUSED, S("https://[::ffff:101:101]/")},
	{"mapped in upper case", REFUSED, S("https://[::FFFF:101:101]/")},
	{"mapped in full", REFUSED, S("https://[0:0:0:0:0:ffff:0101:0101]/")},
	{"mapped loopback", REFUSED, S("http://[::ffff:7f00:1]/")},
	{"mapped loopback with dots", REFUSED, S("http://[::ffff:127.0.0.1]/")},
	{"mapped metadata", REFUSED, S("http://[::ffff:a9fe:a9fe]/")},
	{"mapped entry of plain http", REFUSED, S("http://[::ffff:a01:203]:8080/")},
	{"compatible", REFUSED, S("https://[::101:101]/")},
	{"compatible with dots", REFUSED, S("https://[::1.1.1.1]/")},
	{"translated", REFUSED, S("https://[::ffff:0:101:101]/")},
	{"NAT64", REFUSED, S("https://[64:ff9b::101:101]/")},
	{"NAT64 with dots", REFUSED, S("https://[64:ff9b::1.1.1.1]/")},
	{"NAT64 to loopback", REFUSED, S("http://[64:ff9b::7f00:1]/")},
	{"NAT64 to metadata", REFUSED, S("http://[64:ff9b::a9fe:a9fe]/")},
	{"local NAT64", REFUSED, S("http://[64:ff9b:1::7f00:1]/")},
	{"6to4 of loopback", REFUSED, S("http://[2002:7f00:1::]/")},
	{"Teredo", REFUSED, S("http://[2001:0:101:101::1]/")},
	{"a zone", REFUSED, S("http://[fe80::1%25eth0]/")},
	{"a zone, not encoded", REFUSED, S("http://[fe80::1%eth0]/")},
	{"a zone on an entry", REFUSED, S("https://[2606:4700::1111%251]:8443/")},
	{"an address of the future", REFUSED, S("https://[v1.est.example]/")},
	{"an entry at another port", REFUSED, S("https://[2606:4700::1111]/")},
	{"two gaps", BAD, S("https://[2606::4700::1111]:8443/")},
	{"nine groups", BAD, S("https://[2606:4700:0:0:0:0:0:0:1111]:8443/")},
	{"five digits", BAD, S("https://[2606:4700::01111]:8443/")},
	{"three colons", BAD, S("https://[2606:4700:::1111]:8443/")},
	{"no bracket behind", REFUSED, S("https://[2606:4700::1111/")},
	{"no brackets", REFUSED, S("https://2606:4700::1111/")},
	{"nothing in brackets", REFUSED, S("https://[]/")},
	{"text behind the bracket", BAD, S("https://[2606:4700::1111]est.example/")},
	{"two brackets", BAD, S("https://[[2606:4700::1111]]:8443/")},
	/* names */
	{"a dot behind the name", REFUSED, S("https://est.example./")},
	{"two dots behind the name", REFUSED, S("https://est.example../")},
	{"a dot before the name", REFUSED, S("https://.est.example/")},
	{"an empty label", REFUSED, S("https://est..example/")},
	{"the name as a head", REFUSED, S("https://est.example.evil.example/")},
	{"the name as a tail", REFUSED, S("https://evil.est.example/")},
	{"the name glued", REFUSED, S("https://evilest.example/")},
	{"a part of the name", REFUSED, S("https://example/")},
	{"a wildcard", REFUSED, S("https://*.example/")},
	{"localhost", REFUSED, S("http://localhost/")},
	{"localhost in upper case", REFUSED, S("http://LOCALHOST/")},
	{"a name that leads to loopback", REFUSED, S("http://localtest.me/")},
	{"a name with an address in it", REFUSED, S("http://127.0.0.1.nip.io/")},
	{"a name with metadata in it", REFUSED, S("http://metadata.google.internal/")},
	{"an IDNA name", REFUSED, S("https://xn--st-bja.example/")},
	{"an encoded letter", REFUSED, S("https://%65st.example/")},
	{"an encoded dot", REFUSED, S("https://est%2eexample/")},
	{"an encoded dot behind", REFUSED, S("https://est.example%2e/")},
	{"an encoded slash", REFUSED, S("https://est.example%2f.evil.example/")},
	{"an encoded NUL", REFUSED, S("https://est.example%00.evil.example/")},
	{"an encoded line end", REFUSED, S("https://est.example%0d%0aX:%20y/")},
	{"an encoded at sign", REFUSED, S("https://est.example%40evil.example/")},
	{"an encoded colon", REFUSED, S("https://est.example%3a443/")},
	{"encoded twice", REFUSED, S("https://%2565st.example/")},
	{"a broken encoding", REFUSED, S("https://est.example%/")},
	{"encoded IDNA", REFUSED, S("https://%C3%A9st.example/")},
	{"a circled letter", BAD, S("https://\xe2\x93\x94st.example/")},
	{"a wide letter", BAD, S("https://\xef\xbd\x85st.example/")},
	{"a Cyrillic letter", BAD, S("https://\xd0\xb5st.example/")},
	{"an ideographic dot", BAD, S("https://est\xe3\x80\x82" "example/")},
	{"wide digits", BAD, S("https://\xef\xbc\x91.1.1.1/")},
	{"a soft hyphen", BAD, S("https://est\xc2\xad.example/")},
	{"a sharp s", BAD, S("https://e\xc3\x9ft.example/")},
	{"no UTF-8", BAD, S("https://est\xff.example/")},
	{"a backslash for a slash", REFUSED, S("https://est.example\\/")},
	{"a backslash and a host", REFUSED, S("https://est.example\\.evil.example/")},
	{"a comma", REFUSED, S("https://est.example,evil.example/")},
	{"a semicolon", REFUSED, S("https://est.example;evil.example/")},
	{"a shell's words", REFUSED, S("https://$(id).example/")},
	{"braces, as a glob", REFUSED, S("https://{est,evil}.example/")},
	{"brackets, as a glob", BAD, S("https://[1-9].example/")},
	/* user names */
	{"a user name", REFUSED, S("https://u@est.example/")},
	{"a user name and a password", REFUSED, S("https://u:p@est.example/")},
	{"an empty user name", REFUSED, S("https://@est.example/")},
	{"the entry as a user name", REFUSED, S("https://est.example@evil.example/")},
	{"the entry with port as a user name", REFUSED, S("https://est.example:443@evil.example/")},
	{"two user names", REFUSED, S("https://a@est.example@evil.example/")},
	{"a backslash and a user name", REFUSED, S("https://evil.example\\@est.example/")},
	/* ports */
	{"another port", REFUSED, S("https://est.example:8443/")},
	{"the port of the other scheme", REFUSED, S("https://est.example:80/")},
	{"plain http", REFUSED, S("http://est.example/")},
	{"plain http on the TLS port", REFUSED, S("http://est.example:443/")},
	{"TLS to the plain entry", REFUSED, S("https://10.1.2.3:8080/")},
	{"the highest port", REFUSED, S("https://est.example:65535/")},
	{"port 0", BAD, S("https://est.example:0/")},
	{"port 65536", BAD, S("https://est.example:65536/")},
	{"a port that wraps to 443", BAD, S("https://est.example:65979/")},
	{"a port that wraps at 32 bits", BAD, S("https://est.example:4294967739/")},
	{"a port with a zero in front", BAD, S("https://est.example:0443/")},
	{"a port in hex", BAD, S("https://est.example:0x1bb/")},
	{"a negative port", BAD, S("https://est.example:-1/")},
	{"a port with a sign", BAD, S("https://est.example:+443/")},
	{"no port behind the colon", BAD, S("https://est.example:/")},
	{"two ports", BAD, S("https://est.example:443:443/")},
	{"letters behind the port", BAD, S("https://est.example:443x/")},
	/* schemes */
	{"file", REFUSED, S("file:///etc/passwd")},
	{"file with a host", REFUSED, S("file://est.example/etc/passwd")},
	{"ftp", REFUSED, S("ftp://est.example/")},
	{"gopher", REFUSED, S("gopher://est.example:443/_x")},
	{"dict", REFUSED, S("dict://est.example:443/x")},
	{"ldap", REFUSED, S("ldap://est.example/")},
	{"smb", REFUSED, S("smb://est.example/x")},
	{"telnet", REFUSED, S("telnet://est.example:443/")},
	{"tftp", REFUSED, S("tftp://est.example/x")},
	{"scp", REFUSED, S("scp://est.example/x")},
	{"web socket", REFUSED, S("wss://est.example/")},
	{"coap", REFUSED, S("coap://est.example/")},
	{"coaps over TCP", REFUSED, S("coaps+tcp://est.example/")},
	{"data", REFUSED, S("data:text/plain,x")},
	{"a script", REFUSED, S("javascript:x")},
	{"a longer scheme", REFUSED, S("httpss://est.example/")},
	{"a shorter scheme", REFUSED, S("htt://est.example/")},
	{"no scheme", BAD, S("//est.example/")},
	{"a path alone", BAD, S("/p")},
	{"a host alone", BAD, S("est.example")},
	{"a host and a port read as a scheme", REFUSED, S("est.example:443")},
	{"a scheme that begins with a digit", BAD, S("1http://est.example/")},
	{"an encoded scheme", BAD, S("http%73://est.example/")},
	{"one slash", BAD, S("https:/est.example/")},
	{"no slash", BAD, S("https:est.example/")},
	{"backslashes", BAD, S("https:\\\\est.example/")},
	/* no host, and bytes that never stand in a URI */
	{"three slashes", BAD, S("https:///est.example/")},
	{"nothing behind the slashes", BAD, S("https://")},
	{"a query for a host", BAD, S("https://?est.example")},
	{"a port without a host", BAD, S("https://:443/")},
	{"NUL behind the host", BAD, S("https://est.example\0.evil.example/")},
	{"NUL at the end", BAD, S("https://est.example/\0")},
	{"a line end in the host", BAD, S("https://est.example\r\nHost: evil.example/")},
	{"a line feed in the path", BAD, S("https://est.example/\nX: y")},
	{"a tab in the host", BAD, S("https://est\t.example/")},
	{"a tab in the scheme", BAD, S("ht\ttps://est.example/")},
	{"a space before", BAD, S(" https://est.example/")},
	{"a space behind", BAD, S("https://est.example/ ")},
	{"a space in the host", BAD, S("https://est.example evil.example/")},
	{"escape", BAD, S("https://est.example/\x1b[2J")},
	{"delete", BAD, S("https://est.example/\x7f")},
	{"a fragment", BAD, S("https://est.example/#@evil.example/")},
	{"a fragment for a path", BAD, S("https://est.example#@evil.example/")},
	{"dot segments", BAD, S("https://est.example/a/../b")},
	{"encoded dot segments", BAD, S("https://est.example/a/%2e%2e/b")},
	{"an encoded slash in the path", BAD, S("https://est.example/a%2fb")},
	{"an encoded NUL in the path", BAD, S("https://est.example/a%00")},
	{"an empty segment", BAD, S("https://est.example//evil.example/")},
	{"empty", OPTION, S("")},
	/* ourselves, where nothing is routed */
	{"our own end point", OURS, S("http://127.0.0.1:5683/")},
	{"our own name", OURS, S("https://proxy.example/")},
};

#define NO_PORT NULL

static const struct part_row {
	const char *because;
	uint8_t want;
	const char *scheme;
	const char *host;
	size_t host_len;
	const char *port; /* the option's value in hex */
} parts[] = {
	{"an entry", FORWARDED, "https", S("est.example"), NO_PORT},
	{"an entry with its port", FORWARDED, "https", S("est.example"), "01bb"},
	{"no case", FORWARDED, "HTTPS", S("EST.EXAMPLE"), NO_PORT},
	{"an IPv6 entry", FORWARDED, "https", S("[2606:4700::1111]"), "20fb"},
	{"an IPv6 entry without brackets", FORWARDED, "https", S("2606:4700::1111"), "20fb"},
	{"plain http to its named address", FORWARDED, "http", S("10.1.2.3"), "1f90"},
	{"no port is the scheme's", REFUSED, "http", S("10.1.2.3"), NO_PORT},
	{"another port", REFUSED, "https", S("est.example"), "50"},
	{"the highest port", REFUSED, "https", S("est.example"), "ffff"},
	{"port 0", BAD, "https", S("est.example"), ""},
	{"port 0 in one byte", BAD, "https", S("est.example"), "00"},
	{"port 65536", OPTION, "https", S("est.example"), "010000"},
	{"a port that wraps to 443", OPTION, "https", S("est.example"), "0101bb"},
	{"decimal", REFUSED, "https", S("16843009"), NO_PORT},
	{"hex", REFUSED, "https", S("0x01010101"), NO_PORT},
	{"octal", REFUSED, "https", S("0100200401"), NO_PORT},
	{"short", REFUSED, "https", S("1.1"), NO_PORT},
	{"octal in parts", REFUSED, "https", S("01.1.1.1"), NO_PORT},
	{"a dot behind the address", REFUSED, "https", S("1.1.1.1."), NO_PORT},
	{"mapped", REFUSED, "https", S("::ffff:101:101"), NO_PORT},
	{"mapped with dots", REFUSED, "https", S("[::ffff:1.1.1.1]"), NO_PORT},
	{"NAT64", REFUSED, "https", S("64:ff9b::101:101"), NO_PORT},
	{"loopback", REFUSED, "http", S("127.0.0.1"), NO_PORT},
	{"loopback in short", REFUSED, "http", S("127.1"), NO_PORT},
	{"loopback by name", REFUSED, "http", S("localhost"), NO_PORT},
	{"IPv6 loopback", REFUSED, "http", S("::1"), NO_PORT},
	{"zero", REFUSED, "http", S("0"), NO_PORT},
	{"metadata", REFUSED, "http", S("169.254.169.254"), NO_PORT},
	{"link local with a zone", REFUSED, "http", S("fe80::1%eth0"), NO_PORT},
	{"a dot behind the name", REFUSED, "https", S("est.example."), NO_PORT},
	{"an empty label", REFUSED, "https", S("est..example"), NO_PORT},
	{"percent-encoding", REFUSED, "https", S("%65st.example"), NO_PORT},
	{"a user name", REFUSED, "https", S("u@est.example"), NO_PORT},
	{"the entry as a user name", REFUSED, "https", S("est.example@evil.example"), NO_PORT},
	{"a port in the host", REFUSED, "https", S("est.example:443"), NO_PORT},
	{"a path in the host", REFUSED, "https", S("est.example/"), NO_PORT},
	{"a query in the host", REFUSED, "https", S("est.example?"), NO_PORT},
	{"a fragment in the host", REFUSED, "https", S("est.example#"), NO_PORT},
	{"a URL for a host", REFUSED, "https", S("https://est.example"), NO_PORT},
	{"NUL", REFUSED, "https", S("est.example\0.evil.example"), NO_PORT},
	{"a line end", REFUSED, "https", S("est.example\r\nX"), NO_PORT},
	{"a space", REFUSED, "https", S("est.example "), NO_PORT},
	{"a wide letter", REFUSED, "https", S("\xef\xbd\x85st.example"), NO_PORT},
	{"an ideographic dot", REFUSED, "https", S("est\xe3\x80\x82" "example"), NO_PORT},
	{"no UTF-8", REFUSED, "https", S("est\xff.example"), NO_PORT},
	{"an empty host", OPTION, "https", S(""), NO_PORT},
	{"plain http", REFUSED, "http", S("est.example"), NO_PORT},
	{"file", REFUSED, "file", S("est.example"), NO_PORT},
	{"ftp", REFUSED, "ftp", S("est.example"), NO_PORT},
	{"coap", REFUSED, "coap", S("est.example"), NO_PORT},
	{"a scheme with its colon", REFUSED, "https:", S("est.example"), NO_PORT},
	{"a scheme with a URL", REFUSED, "https://est.example", S("est.example"), NO_PORT},
	{"a scheme with a space", REFUSED, "https ", S("est.example"), NO_PORT},
	{"an empty scheme", OPTION, "", S("est.example"), NO_PORT},
	{"no host is ourselves", OURS, "https", NULL, 0, NO_PORT},
	{"our own end point", OURS, "http", S("127.0.0.1"), "1633"},
};
/* clang-format on */

static struct lab lab;

static bool
is_answered_as(uint8_t want, size_t fetches, size_t answers)
{
	const struct lab_sent *sent;

	if (want == FORWARDED) {
		struct sl_map_http_result ok = lab_ok(sl_span_text("sealed"));

		if (lab.fetch_count == fetches + 1)
			lab_result(&lab, fetches, &ok);
		return lab.fetch_count == fetches + 1;
	}
	if (lab.fetch_count != fetches || lab.sent_count != answers + 1)
		return false;
	sent = lab_last(&lab);
	return sent->msg.code == want && (want == OPTION || sent->msg.payload.len == 0);
}

static size_t
ask(size_t row, struct sl_coap_msg *msg, uint8_t want, const char *because)
{
	size_t fetches = lab.fetch_count, answers = lab.sent_count;

	msg->message_id = (uint16_t)(row + 1);
	lab_send_msg(&lab, (unsigned)row, msg);
	if (is_answered_as(want, fetches, answers))
		return 0;
	printf("row %zu (%s): want %u, got %u, %zu fetches\n", row, because, want,
	        lab.sent_count > answers ? lab_last(&lab)->msg.code : 0, lab.fetch_count - fetches);
	return 1;
}

static void
conclude(const char *id, size_t value, size_t limit, bool is_good)
{
	printf("%s %zu %zu %s -\n", id, value, limit, is_good ? "PASS" : "FAIL");
	fflush(stdout);
}

START_TEST(hostile_uris_reach_no_origin)
{
	struct sl_coap_msg msg;
	size_t wrong = 0, hostile = 0, wanted = 0;

	lab_open(&lab, CONFIG);
	for (size_t i = 0; i < ARRAY_LEN(uris); i++) {
		lab_oscore(&msg, 1, lab_bytes(20, 1));
		ck_assert_ok(
		        sl_coap_add(&msg, SL_COAP_PROXY_URI, sl_span(uris[i].uri, uris[i].len)));
		wrong += ask(i, &msg, uris[i].want, uris[i].because);
		hostile += uris[i].want != FORWARDED;
		wanted += uris[i].want == FORWARDED;
	}
	conclude("T11-uri-rows", hostile, 200, hostile >= 200);
	conclude("T11-uri-wrong", wrong, 0, wrong == 0);
	conclude("T11-uri-fetches", lab.fetch_count - wanted, 0, lab.fetch_count == wanted);
	ck_assert(wrong == 0 && lab.fetch_count == wanted && hostile >= 200);
	lab_close(&lab);
}
END_TEST

START_TEST(hostile_parts_reach_no_origin)
{
	struct sl_coap_msg msg;
	size_t wrong = 0, hostile = 0, wanted = 0;

	lab_open(&lab, CONFIG);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		const struct part_row *r = &parts[i];

		lab_oscore(&msg, 1, lab_bytes(20, 1));
		ck_assert_ok(sl_coap_add(&msg, SL_COAP_PROXY_SCHEME, sl_span_text(r->scheme)));
		if (r->host != NULL)
			ck_assert_ok(
			        sl_coap_add(&msg, SL_COAP_URI_HOST, sl_span(r->host, r->host_len)));
		if (r->port != NULL)
			ck_assert_ok(sl_coap_add(&msg, SL_COAP_URI_PORT, hex(r->port)));
		wrong += ask(i, &msg, r->want, r->because);
		hostile += r->want != FORWARDED;
		wanted += r->want == FORWARDED;
	}
	conclude("T11-parts-rows", hostile, 50, hostile >= 50);
	conclude("T11-parts-wrong", wrong, 0, wrong == 0);
	conclude("T11-parts-fetches", lab.fetch_count - wanted, 0, lab.fetch_count == wanted);
	ck_assert(wrong == 0 && lab.fetch_count == wanted && hostile >= 50);
	lab_close(&lab);
}
END_TEST

/* The registries of RFC 6890, first and last addresses, by either scheme. */
START_TEST(special_purpose_blocks_reach_no_origin)
{
	static const char *const hosts[] = {"0.0.0.0", "0.255.255.255", "10.0.0.0",
	        "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.1", "127.255.255.255",
	        "169.254.0.1", "172.16.0.0", "172.31.255.255", "192.0.0.8", "192.0.2.1",
	        "192.168.0.0", "192.168.255.255", "198.18.0.0", "198.51.100.1", "203.0.113.1",
	        "240.0.0.0", "255.255.255.255", "::", "::1", "64:ff9b:1::1", "100::1", "2001:2::1",
	        "2001:db8::1", "fc00::1", "fdff::1", "fe80::1", "ff02::1"};
	struct sl_coap_msg msg;
	size_t wrong = 0, hostile = 0;

	lab_open(&lab, CONFIG);
	for (; hostile < 2 * ARRAY_LEN(hosts); hostile++) {
		const char *host = hosts[hostile / 2];

		lab_oscore(&msg, 1, lab_bytes(20, 1));
		ck_assert_ok(sl_coap_add(&msg, SL_COAP_PROXY_SCHEME,
		        sl_span_text(hostile % 2 == 0 ? "https" : "http")));
		ck_assert_ok(sl_coap_add(&msg, SL_COAP_URI_HOST, sl_span_text(host)));
		wrong += ask(hostile, &msg, REFUSED, host);
	}
	conclude("T11-block-rows", hostile, 50, hostile >= 50);
	conclude("T11-block-wrong", wrong, 0, wrong == 0);
	conclude("T11-block-fetches", lab.fetch_count, 0, lab.fetch_count == 0);
	ck_assert(wrong == 0 && lab.fetch_count == 0 && hostile >= 50);
	lab_close(&lab);
}
END_TEST

static Suite *
policy_suite(void)
{
	Suite *s = suite_create("proxy policy");
	TCase *t = tcase_create("policy");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, hostile_uris_reach_no_origin);
	tcase_add_test(t, hostile_parts_reach_no_origin);
	tcase_add_test(t, special_purpose_blocks_reach_no_origin);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return run_suite(policy_suite());
}
