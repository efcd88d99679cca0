/* SPDX-License-Identifier: BSD-2-Clause
 * What the tests of the configuration share. */
#ifndef TESTS_CONFIG_SHARED_H
#define TESTS_CONFIG_SHARED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "config_raw.h"
#include "lab.h"

static const char smallest[] = "store: s.db\n"
                               "ca:\n"
                               "  key: k.pem\n"
                               "  certificate: c.pem\n"
                               "profiles:\n"
                               "  - name: default\n";

/* Every key once, none with its default. */
static const char fullest[] = "store: /var/lib/s.db\n"              /* 1 */
                              "est-root: /e\n"                      /* 2 */
                              "retry-after: 2min\n"                 /* 3 */
                              "errors: quiet\n"                     /* 4 */
                              "paths:\n"                            /* 5 */
                              "  - /oscore\n"                       /* 6 */
                              "listen:\n"                           /* 7 */
                              "  address: \"::\"\n"                 /* 8 */
                              "  port: 8443\n"                      /* 9 */
                              "  plain-http: anywhere\n"            /* 10 */
                              "  tls-certificate: t.pem\n"          /* 11 */
                              "  tls-key: t.key\n"                  /* 12 */
                              "ca:\n"                               /* 13 */
                              "  key: k.pem\n"                      /* 14 */
                              "  certificate: c.pem\n"              /* 15 */
                              "  instance: 127\n"                   /* 16 */
                              "  chain:\n"                          /* 17 */
                              "    - root.pem\n"                    /* 18 */
                              "limits:\n"                           /* 19 */
                              "  max-body: 1MiB\n"                  /* 20 */
                              "  threads: 64\n"                     /* 21 */
                              "  connections: 10000\n"              /* 22 */
                              "  connections-per-ip: 10\n"          /* 23 */
                              "  connection-timeout: 5min\n"        /* 24 */
                              "  contexts: 1000000\n"               /* 25 */
                              "  reply-cache: 1GiB\n"               /* 26 */
                              "  reply-cache-time: 1h\n"            /* 27 */
                              "  block-state-time: 10min\n"         /* 28 */
                              "  inner-body: 64KiB\n"               /* 29 */
                              "  ssn-step: 1048576\n"               /* 30 */
                              "  echo-fresh: 10min\n"               /* 31 */
                              "profiles:\n"                         /* 32 */
                              "  - name: sensors\n"                 /* 33 */
                              "    validity: 3650d\n"               /* 34 */
                              "    common-name: \"x-{identity}\"\n" /* 35 */
                              "    subject-alt-name: \"dns:{identity}.x\"\n"
                              "    challenge: ignore\n"          /* 37 */
                              "    requested-subject: ignore\n"  /* 38 */
                              "    change-subject-name: allow\n" /* 39 */
                              "    repeat-window: 7d\n"          /* 40 */
                              "    renew-repeat-window: 1d\n"    /* 41 */
                              "    key-types:\n"                 /* 42 */
                              "      - p384\n"                   /* 43 */
                              "    key-usage:\n"                 /* 44 */
                              "      - key-agreement\n"          /* 45 */
                              "    extended-key-usage:\n"        /* 46 */
                              "      - server-auth\n"            /* 47 */
                              "  - name: others\n"               /* 48 */
                              "    challenge: require\n"         /* 49 */
                              "edhoc:\n"                         /* 50 */
                              "  methods: [3, 0, 2, 1]\n"        /* 51 */
                              "  suites: [6, 24, 0]\n"           /* 52 */
                              "  message-4: always\n"            /* 53 */
                              "  combined: accept\n"             /* 54 */
                              "  sessions: 1000000\n"            /* 55 */
                              "  session-life: 10min\n"          /* 56 */
                              "  context-life: 3650d\n"          /* 57 */
                              "  context-idle: 365d\n"           /* 58 */
                              "  crypto-budget: 100\n"           /* 59 */
                              "  revoked: r.txt\n"               /* 60 */
                              "  accept-issued: no\n"            /* 61 */
                              "  credentials:\n"                 /* 62 */
                              "    - key: dh.key\n"              /* 63 */
                              "      credential: dh.ccs\n"       /* 64 */
                              "      use: static-dh\n"           /* 65 */
                              "      send: kccs\n"               /* 66 */
                              "    - key: /k/sign.key\n"         /* 67 */
                              "      credential: sign.pem\n"     /* 68 */
                              "      use: signature\n"           /* 69 */
                              "      send: x5chain\n"            /* 70 */
                              "peers:\n"                         /* 71 */
                              "  - credential: sensor.ccs\n"     /* 72 */
                              "    identity: sensor-7\n"         /* 73 */
                              "    profile: others\n"            /* 74 */
                              "    uri: \"urn:x:7\"\n"           /* 75 */
                              "  - anchor: maker.pem\n"          /* 76 */
                              "    identity: \"m-{serial-number}\"\n"
                              "    profile: sensors\n"       /* 78 */
                              "    functions: [sen, att]\n"; /* 79 */

static char message[CONFIG_MESSAGE_MAX];

static enum sl_err
parse(struct config *config, const char *text)
{
	return config_parse(
	        config, "/etc/sealift/est.yaml", heap_copy(sl_span_text(text)), message);
}

/* --- files ----------------------------------------------------------------------------------- */

static struct lab lab;

static void
setup(void)
{
	lab_make(&lab, NULL);
}

static void
teardown(void)
{
	lab_remove(&lab);
}

#endif
