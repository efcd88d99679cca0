/* SPDX-License-Identifier: BSD-2-Clause
 * Exchange, repetition and issuance as a model for Spin: two devices, a network that loses, repeats and reorders, the
 * proxy with two slots, an HTTP hop that may send a request again, a server that may crash at every step (and a second
 * node that must not serve), and the authority. docs/model.md says what is checked and how the checker is checked.
 *
 * The checker reads from its environment
 *   FAULT    1..10: a planted fault, which must be found; 0: none
 *   PERSIST  1: contexts outlive a crash (RFC 8613 appendix B.1); 0: a crash ends them, EDHOC runs again
 *   BUDGET   how many bad things may happen in one run
 *
 * Every step of anybody is one atomic alternative of one loop, so that all interleavings are seen. When nothing can
 * happen any more, each device must have its certificate. */
c_decl { \#include <stdlib.h> }

#define NO_GENERATION    1  /* a late answer is taken by whoever has the slot now */
#define MID_ONLY         2  /* duplicates are known by Message ID alone */
#define LATE_MARK        3  /* the replay mark comes after the effect */
#define OLD_NONCE        4  /* after a restart an answer goes out under the request's Partial IV */
#define CSR_KEY          5  /* "the same request" is told by the CSR, which changes with the session */
#define EARLY_SIGNATURE  6  /* the signature is made before the intent is durable */
#define SHARED_CONTEXT   7  /* two nodes have one context, each a window of its own */
#define OTHER_NODE       8  /* a repeated request goes to another node, which takes the context over */
#define EVICTS_PROGRESS  9  /* the reply cache forgets what is in progress */
#define RECOMPUTES      10  /* a duplicate is answered by making the answer again */

#define DEVICES 2
#define PIVS    5 /* each bad thing costs a device two numbers at most, an answer one more */
#define EPOCHS  3
#define SLOTS   2
#define NET     2
#define KNOWN   2 /* duplicates that the proxy remembers of one device */
#define NONE    15

/* What an answer is. SEALED and CHALLENGE are protected; the others anybody may have written. */
#define SEALED    1
#define CHALLENGE 2
#define REFUSED   3 /* 4.01: no context, or a replay */
#define TROUBLE   4 /* 5.xx */

typedef request {
	bit used; bit mid; bit echo;
	byte d; byte ep; byte piv
};
typedef response {
	bit used; bit mid;
	byte d; byte ep; byte piv; byte kind
};
typedef duplicate {
	bit used; bit mid; bit is_answered;
	byte ep; byte piv; byte kind
};
typedef memory { duplicate at[KNOWN]; bit next };
typedef slot_t {
	bit used; bit mid;
	byte gen; byte d; byte ep; byte piv
};
typedef http_request {
	bit used; bit echo; bit is_copy;
	byte slot; byte gen; byte d; byte ep; byte piv; byte node
};
typedef http_response {
	bit used;
	byte slot; byte gen; byte d; byte ep; byte piv; byte kind
};
typedef context {
	bit is_here; bit is_unsure; bit is_marked; /* marked: durable, survives a crash */
	byte ep; byte window; /* a bit for each Partial IV */
	byte cached;          /* Partial IV of the stored reply */
	byte cached_kind
};
typedef node_t {
	context ctx[DEVICES];
	byte stage; /* of the one worker; 0: idle */
	bit own_piv;
	http_request job
};
typedef ledger { byte nonce[16] }; /* epoch * PIVS + PIV: which text was sealed; 0: none */
typedef effects { byte count[16] };

byte fault, bad;
bit persist;

/* devices */
bit done[DEVICES], waiting[DEVICES], echo_next[DEVICES], mid[DEVICES], resent[DEVICES];
byte epoch[DEVICES], piv[DEVICES], asked[DEVICES];

/* network and proxy */
request net[NET];
response back[NET];
slot_t slots[SLOTS];
memory known[DEVICES];
http_request http[NET];
http_response answers[NET];

/* server and authority; what is durable is apart from the nodes */
node_t nodes[2];
bit stored[6], intent[6], has_signature[6];
byte certificates[DEVICES];
ledger sealed[DEVICES];
effects effect[DEVICES];

#define KEY(d, ep) d * EPOCHS + (fault == CSR_KEY) * ep
#define SPOT(ep, p) ep * PIVS + p

hidden byte i, j, k, n, room

/* Every array on the way has two places. */
#define FIND_FREE(array) \
	if \
	:: !array[0].used -> room = 0 \
	:: array[0].used && !array[1].used -> room = 1 \
	:: array[0].used && array[1].used -> room = NONE \
	fi

inline send(whom, its_number, with_echo)
{
	FIND_FREE(net);
	net[room].used = 1; net[room].mid = mid[whom]; net[room].echo = with_echo;
	net[room].d = whom; net[room].ep = epoch[whom]; net[room].piv = its_number
}

inline respond(whom, its_mid, its_epoch, its_number, what)
{
	FIND_FREE(back);
	back[room].used = 1; back[room].mid = its_mid; back[room].d = whom;
	back[room].ep = its_epoch; back[room].piv = its_number; back[room].kind = what
}

#define ANSWER(job, what) \
	FIND_FREE(answers); \
	answers[room].used = 1; answers[room].slot = job.slot; answers[room].gen = job.gen; \
	answers[room].d = job.d; answers[room].ep = job.ep; answers[room].piv = job.piv; \
	answers[room].kind = what

/* I3: under one key and nonce only one text is ever sealed. */
inline seal(whom, its_epoch, its_number, text)
{
	assert(sealed[whom].nonce[SPOT(its_epoch, its_number)] == 0 || sealed[whom].nonce[SPOT(its_epoch, its_number)] == text);
	sealed[whom].nonce[SPOT(its_epoch, its_number)] = text
}

#define NET_HAS_ROOM  (!net[0].used || !net[1].used)
#define BACK_HAS_ROOM (!back[0].used || !back[1].used)
#define ANSWERS_ROOM  (!answers[0].used || !answers[1].used)
#define HTTP_HAS_ROOM (!http[0].used || !http[1].used)
#define SLOT_IS_FREE  (!slots[0].used || !slots[1].used)
#define ON_NET(x)     ((net[0].used && net[0].d == x) || (net[1].used && net[1].d == x))
#define ON_BACK(x)    ((back[0].used && back[0].d == x) || (back[1].used && back[1].d == x))
#define IN_SLOT(x)    ((slots[0].used && slots[0].d == x) || (slots[1].used && slots[1].d == x))
#define SAME_JOB(a, b) (a.d == b.d && a.ep == b.ep && a.piv == b.piv)

/* --- device --- */

inline device_asks(dev)
{
	asked[dev] = piv[dev]; piv[dev]++; mid[dev] = 1 - mid[dev];
	waiting[dev] = 1; resent[dev] = 0;
	send(dev, asked[dev], echo_next[dev]);
	echo_next[dev] = 0
}

/* EDHOC as one step: both ends have a new key, the owner an empty window. */
inline new_epoch(dev)
{
	epoch[dev]++; piv[dev] = 0;
	nodes[0].ctx[dev].is_here = 1; nodes[0].ctx[dev].ep = epoch[dev];
	nodes[0].ctx[dev].window = 0; nodes[0].ctx[dev].cached = NONE;
	nodes[0].ctx[dev].is_unsure = 0; nodes[0].ctx[dev].is_marked = 0;
	if
	:: fault == SHARED_CONTEXT || fault == OTHER_NODE ->
		nodes[1].ctx[dev].is_here = 1; nodes[1].ctx[dev].ep = epoch[dev];
		nodes[1].ctx[dev].window = 0; nodes[1].ctx[dev].cached = NONE
	:: else
	fi
}

/* Only a protected answer to the very request counts; the rest is a hint. */
inline device_hears(y)
{
	if
	:: waiting[back[y].d] && back[y].ep == epoch[back[y].d] && back[y].piv == asked[back[y].d] ->
		if
		:: back[y].kind == SEALED -> done[back[y].d] = 1; waiting[back[y].d] = 0
		:: back[y].kind == CHALLENGE -> echo_next[back[y].d] = 1; waiting[back[y].d] = 0
		:: back[y].kind == REFUSED ->
			waiting[back[y].d] = 0;
			if
			:: !persist && !nodes[0].ctx[back[y].d].is_here -> new_epoch(back[y].d)
			:: else
			fi
		:: back[y].kind == TROUBLE -> waiting[back[y].d] = 0
		fi
	:: else
	fi
}

/* --- proxy --- */

#define MATCHES(e, y) (e.used && e.mid == net[y].mid && \
	(fault == MID_ONLY || (e.ep == net[y].ep && e.piv == net[y].piv)))

inline proxy_forwards(y)
{
	FIND_FREE(slots);
	k = room;
	slots[k].used = 1; slots[k].gen = (slots[k].gen + 1) % 16; slots[k].mid = net[y].mid;
	slots[k].d = net[y].d; slots[k].ep = net[y].ep; slots[k].piv = net[y].piv;
	j = known[net[y].d].next;
	known[net[y].d].at[j].used = 1; known[net[y].d].at[j].mid = net[y].mid; known[net[y].d].at[j].is_answered = 0;
	known[net[y].d].at[j].ep = net[y].ep; known[net[y].d].at[j].piv = net[y].piv; known[net[y].d].at[j].kind = 0;
	known[net[y].d].next = 1 - j;
	FIND_FREE(http);
	http[room].used = 1; http[room].echo = net[y].echo; http[room].is_copy = 0; http[room].slot = k;
	http[room].gen = slots[k].gen; http[room].d = net[y].d; http[room].ep = net[y].ep;
	http[room].piv = net[y].piv; http[room].node = 0;
	j = 0; k = 0
}

inline proxy_hears(y)
{
	n = NONE;
	if
	:: MATCHES(known[net[y].d].at[0], y) -> n = 0
	:: MATCHES(known[net[y].d].at[1], y) -> n = 1
	:: else
	fi;
	if
	:: n == NONE -> proxy_forwards(y)
	:: else ->
		if
		:: known[net[y].d].at[n].is_answered ->
			/* I1: a stored answer goes to the request that it answered. */
			assert(known[net[y].d].at[n].ep == net[y].ep && known[net[y].d].at[n].piv == net[y].piv);
			respond(net[y].d, net[y].mid, net[y].ep, net[y].piv, known[net[y].d].at[n].kind)
		:: else
		fi
	fi;
	n = 0
}

inline remember(x, what)
{
	n = 0;
	do
	:: n < KNOWN ->
		if
		:: known[slots[x].d].at[n].used && known[slots[x].d].at[n].ep == slots[x].ep && known[slots[x].d].at[n].piv == slots[x].piv ->
			known[slots[x].d].at[n].is_answered = 1; known[slots[x].d].at[n].kind = what
		:: else
		fi;
		n++
	:: else -> break
	od;
	n = 0
}

inline proxy_answers(y)
{
	if
	:: slots[answers[y].slot].used && (fault == NO_GENERATION || slots[answers[y].slot].gen == answers[y].gen) ->
		/* I1: an answer goes to the exchange that asked. */
		assert(slots[answers[y].slot].d == answers[y].d && slots[answers[y].slot].ep == answers[y].ep && slots[answers[y].slot].piv == answers[y].piv);
		remember(answers[y].slot, answers[y].kind);
		respond(slots[answers[y].slot].d, slots[answers[y].slot].mid, answers[y].ep, answers[y].piv, answers[y].kind);
		slots[answers[y].slot].used = 0
	:: else
	fi
}

inline proxy_gives_up(x)
{
	remember(x, TROUBLE);
	respond(slots[x].d, slots[x].mid, slots[x].ep, slots[x].piv, TROUBLE);
	slots[x].used = 0
}

inline proxy_restarts()
{
	slots[0].used = 0; slots[1].used = 0;
	known[0].at[0].used = 0; known[0].at[1].used = 0;
	known[1].at[0].used = 0; known[1].at[1].used = 0;
	answers[0].used = 0; answers[1].used = 0 /* their connections ended with it */
}

/* --- server --- */

#define CTX(x, h) nodes[x].ctx[h.d]
#define MAY_SERVE(x) (x == 0 || fault == SHARED_CONTEXT || fault == OTHER_NODE)
#define IN_PROGRESS(x, h) (nodes[x].stage > 0 && SAME_JOB(nodes[x].job, h))

inline start_job(x, y, own)
{
	nodes[x].stage = 1; nodes[x].own_piv = own;
	nodes[x].job.slot = http[y].slot; nodes[x].job.gen = http[y].gen; nodes[x].job.d = http[y].d;
	nodes[x].job.ep = http[y].ep; nodes[x].job.piv = http[y].piv
}

inline verify(x, y)
{
	if
	:: (CTX(x, http[y]).window & (1 << http[y].piv)) != 0 ->
		/* A copy of what is in progress joins it; it is never turned away. */
		assert(!IN_PROGRESS(x, http[y]));
		ANSWER(http[y], REFUSED)
	:: else ->
		if
		:: !CTX(x, http[y]).is_unsure -> start_job(x, y, 0)
		:: CTX(x, http[y]).is_unsure && !http[y].echo && fault == OLD_NONCE ->
			seal(http[y].d, http[y].ep, http[y].piv, CHALLENGE);
			ANSWER(http[y], CHALLENGE)
		:: CTX(x, http[y]).is_unsure && !http[y].echo && fault != OLD_NONCE -> ANSWER(http[y], CHALLENGE)
		:: CTX(x, http[y]).is_unsure && http[y].echo ->
			CTX(x, http[y]).is_unsure = 0;
			CTX(x, http[y]).window = (1 << http[y].piv) - 1; /* older ones are refused */
			start_job(x, y, 1)
		fi
	fi
}

inline node_takes(x, y)
{
	if
	:: !MAY_SERVE(x) -> ANSWER(http[y], TROUBLE)
	:: MAY_SERVE(x) && !(CTX(x, http[y]).is_here && CTX(x, http[y]).ep == http[y].ep) -> ANSWER(http[y], REFUSED)
	:: MAY_SERVE(x) && CTX(x, http[y]).is_here && CTX(x, http[y]).ep == http[y].ep ->
		if
		:: CTX(x, http[y]).cached == http[y].piv && !IN_PROGRESS(x, http[y]) ->
			if
			:: fault == RECOMPUTES -> seal(http[y].d, http[y].ep, http[y].piv, SEALED + 4)
			:: else
			fi;
			ANSWER(http[y], CTX(x, http[y]).cached_kind)
		:: else -> verify(x, y)
		fi
	fi
}

inline mark(x)
{
	CTX(x, nodes[x].job).window = CTX(x, nodes[x].job).window | (1 << nodes[x].job.piv);
	CTX(x, nodes[x].job).is_marked = 1
}

#define JOB nodes[x].job
#define JOB_KEY KEY(nodes[x].job.d, nodes[x].job.ep)

inline count_effect(x)
{
	/* I2: one accepted request has one effect. */
	assert(effect[JOB.d].count[SPOT(JOB.ep, JOB.piv)] == 0);
	effect[JOB.d].count[SPOT(JOB.ep, JOB.piv)] = 1
}

inline store_certificate(x, key, dev)
{
	stored[key] = 1; intent[key] = 0; has_signature[key] = 0;
	certificates[dev]++;
	assert(certificates[dev] == 1) /* one valid certificate for one identity and key */
}

inline finish_job(x)
{
	if
	:: fault == LATE_MARK -> mark(x)
	:: else
	fi;
	if
	:: nodes[x].own_piv /* a number of our own, out of the durable reservation: fresh by construction */
	:: else -> seal(JOB.d, JOB.ep, JOB.piv, SEALED)
	fi;
	/* I4: no byte leaves before the certificate is on the disk. */
	assert(stored[JOB_KEY]);
	nodes[x].ctx[JOB.d].cached = JOB.piv; nodes[x].ctx[JOB.d].cached_kind = SEALED;
	ANSWER(JOB, SEALED);
	nodes[x].stage = 0
}

inline node_works(x)
{
	if
	:: nodes[x].stage == 1 ->
		if
		:: fault != LATE_MARK -> mark(x)
		:: else
		fi;
		nodes[x].stage = 2
	:: nodes[x].stage == 2 ->
		count_effect(x);
		if
		:: stored[JOB_KEY] -> nodes[x].stage = 5
		:: !stored[JOB_KEY] && fault != EARLY_SIGNATURE -> intent[JOB_KEY] = 1; nodes[x].stage = 3
		:: !stored[JOB_KEY] && fault == EARLY_SIGNATURE -> has_signature[JOB_KEY] = 1; nodes[x].stage = 3
		fi
	:: nodes[x].stage == 3 -> intent[JOB_KEY] = 1; has_signature[JOB_KEY] = 1; nodes[x].stage = 4
	:: nodes[x].stage == 4 -> store_certificate(x, JOB_KEY, JOB.d); nodes[x].stage = 5
	:: nodes[x].stage == 5 -> finish_job(x)
	fi
}

inline lose_memory(x, dev)
{
	nodes[x].ctx[dev].cached = NONE; nodes[x].ctx[dev].window = 0;
	if
	:: persist -> nodes[x].ctx[dev].is_unsure = nodes[x].ctx[dev].is_marked
	:: else -> nodes[x].ctx[dev].is_here = 0; nodes[x].ctx[dev].is_unsure = 0; nodes[x].ctx[dev].is_marked = 0
	fi
}

/* What was intended is finished at the start; what was signed without an intent nobody knows of. */
inline resolve(key, dev)
{
	assert(!has_signature[key] || intent[key]); /* I4 */
	if
	:: intent[key] -> store_certificate(0, key, dev)
	:: else
	fi
}

inline node_crashes(x)
{
	if
	:: nodes[x].stage > 0 -> resolve(JOB_KEY, JOB.d)
	:: else
	fi;
	nodes[x].stage = 0;
	lose_memory(x, 0); lose_memory(x, 1)
}

inline http_repeats(x)
{
	FIND_FREE(http);
	http[room].used = 1; http[room].echo = http[x].echo; http[room].slot = http[x].slot;
	http[room].gen = http[x].gen; http[room].d = http[x].d; http[room].ep = http[x].ep; http[room].piv = http[x].piv;
	http[room].is_copy = 1; http[x].is_copy = 1;
	http[room].node = fault == OTHER_NODE || fault == SHARED_CONTEXT
}

/* --- all that can happen --- */

#define CARRIES(a, x) (a.used && a.slot == x && a.gen == slots[x].gen)
#define WORKS(y, x) (nodes[y].stage > 0 && nodes[y].job.slot == x && nodes[y].job.gen == slots[x].gen)

#define DEVICE(x) \
	:: atomic { !done[x] && !waiting[x] && piv[x] < PIVS && NET_HAS_ROOM -> device_asks(x) } \
	:: atomic { waiting[x] && !resent[x] && bad > 0 && NET_HAS_ROOM -> \
		bad--; resent[x] = 1; send(x, asked[x], 0) } \
	:: atomic { waiting[x] && !ON_NET(x) && !ON_BACK(x) && !IN_SLOT(x) -> waiting[x] = 0 }

#define NETWORK(x) \
	:: atomic { net[x].used && SLOT_IS_FREE && HTTP_HAS_ROOM && BACK_HAS_ROOM -> net[x].used = 0; proxy_hears(x) } \
	:: atomic { net[x].used && bad > 0 -> bad--; net[x].used = 0 } \
	:: atomic { back[x].used -> back[x].used = 0; device_hears(x) } \
	:: atomic { back[x].used && bad > 0 -> bad--; back[x].used = 0 } \
	:: atomic { slots[x].used && BACK_HAS_ROOM && !CARRIES(http[0], x) && !CARRIES(http[1], x) && \
			!CARRIES(answers[0], x) && !CARRIES(answers[1], x) && !WORKS(0, x) && !WORKS(1, x) -> \
		proxy_gives_up(x) /* the connection broke */ } \
	:: atomic { slots[x].used && bad > 0 && BACK_HAS_ROOM -> bad--; proxy_gives_up(x) } \
	:: atomic { answers[x].used && BACK_HAS_ROOM -> answers[x].used = 0; proxy_answers(x) } \
	:: atomic { http[x].used && ANSWERS_ROOM && (nodes[http[x].node].stage == 0 || \
			(fault == EVICTS_PROGRESS && IN_PROGRESS(http[x].node, http[x]))) -> \
		http[x].used = 0; node_takes(http[x].node, x) } \
	:: atomic { http[x].used && !http[x].is_copy && bad > 0 && HTTP_HAS_ROOM -> bad--; http_repeats(x) }

#define NODE(x) \
	:: atomic { nodes[x].stage > 0 && ANSWERS_ROOM -> node_works(x) } \
	:: atomic { bad > 0 && (nodes[x].stage > 0 || nodes[x].ctx[0].is_marked || nodes[x].ctx[1].is_marked) -> \
		bad--; node_crashes(x) }

init {
	atomic {
		c_code {
			now.fault = atoi(getenv("FAULT"));
			now.persist = atoi(getenv("PERSIST"));
			now.bad = atoi(getenv("BUDGET"));
		};
		i = 0;
		do
		:: i < DEVICES ->
			nodes[0].ctx[i].is_here = 1; nodes[0].ctx[i].cached = NONE; nodes[1].ctx[i].cached = NONE;
			if
			:: fault == SHARED_CONTEXT || fault == OTHER_NODE -> nodes[1].ctx[i].is_here = 1
			:: else
			fi;
			i++
		:: else -> break
		od;
		i = 0
	}
	do
	DEVICE(0)
	DEVICE(1)
	NETWORK(0)
	NETWORK(1)
	NODE(0)
	NODE(1)
	:: atomic { bad > 0 && (slots[0].used || slots[1].used) -> bad--; proxy_restarts() }
	:: else -> break
	od;
	/* I9, and what the whole is for. */
	assert(done[0] && done[1])
}
