/* The state of `link.pml`, and the rules of firmware/LINK.md as what each end takes, obeys and says. */

#define UP(age, top) age = (age < (top) -> age + 1 : (top))
#define DOWN(rest) rest = (rest > 0 -> rest - 1 : 0)
#define LEAST(a, b) ((a) < (b) -> (a) : (b))

#define STALE (FRESH + 1)
#define OLD (FRESH + SILENCE + 1)
#define SESSIONS 4 /* names of sessions that either end still knows */
#define OTHER (SESSIONS + 1) /* any that neither knows */
#define SHORT 2
#define EVIL 3 /* a key that the attacker has agreed on */

#define NOTHING 0
#define PING 1
#define RELEASE 2
#define FREE 3
#define END 4 /* RELOCK, or MODE normal */

typedef Message { /* of the host, as it travels; and of it: whether it was obeyed, its key, how long ago it was said */
  byte kind, session, counter, seen /* age of the tick that it names */, expires /* time until then */, lasts;
  bool is_used;
  byte key, said
};

/* -- the cable: what the attacker keeps */
Message grant, other; /* a RELEASE or a MODE free access, and another message */
byte prove, prove_said; /* the session of a PROVE, and how long ago it was said */
byte ready, ready_tick; /* the session of a READY, and the age of its tick */
byte pong, pong_tick, pong_taken; /* the session of a PONG, the age of its tick and of the message that it names */

/* -- the host */
bool dead;
byte dead_for, host_key = 1, host_session, offered, sent;
byte seen, heard; /* age of the newest tick, and how long ago it was taken */

/* -- the controller */
byte key = 1, session, pending, pending_age, taken, taken_age, silent;
bool released, free, lid_is_off;
byte left; /* of the release, or of free access */

/* -- of the grant that is obeyed: what is asked for */
bool is_of_this_session, is_of_this_key;
byte until_expiry, age;
bool key_is_known; /* to the attacker */

hidden byte name, n;

/* A session that nothing knows any more: a nonce never comes twice. */
#define IS_FREE(n) (host_session != n && offered != n && session != n && pending != n && prove != n && ready != n && \
  pong != n && grant.session != n && other.session != n)
inline name_session() {
  name = (IS_FREE(1) -> 1 : (IS_FREE(2) -> 2 : (IS_FREE(3) -> 3 : (IS_FREE(4) -> 4 : 0))))
}

/* Counters only have an order: where none is n, those above it move down, and a session may go on for ever. */
#define IS_ANY(n) (grant.counter == n || other.counter == n || taken == n || sent == n)
#define IS_ANY_ABOVE(n) (grant.counter > n || other.counter > n || taken > n || sent > n)
#define CLOSE(gap, counter) counter = (counter > gap -> counter - 1 : counter)
inline close_gaps() {
  n = 1;
  do
  :: !IS_ANY_ABOVE(n) -> break
  :: IS_ANY_ABOVE(n) && !IS_ANY(n) -> CLOSE(n, grant.counter); CLOSE(n, other.counter); CLOSE(n, taken); CLOSE(n, sent)
  :: IS_ANY_ABOVE(n) && IS_ANY(n) -> n++
  od
}

/* What was said in a session that is over at both ends is of an OTHER; answers to nothing are forgotten. */
#define IS_OVER(n) (n != 0 && n != session && n != host_session)
inline tidy_up() {
  if :: IS_OVER(grant.session) -> grant.session = OTHER :: else fi;
  if :: IS_OVER(other.session) -> other.session = OTHER :: else fi;
  if :: prove != pending -> prove = 0; prove_said = 0 :: else fi;
  if :: ready != offered -> ready = 0; ready_tick = 0 :: else fi;
  if :: pong != host_session && pong != offered -> pong = 0; pong_tick = 0; pong_taken = 0 :: else fi;
  close_gaps(); n = 0
}

inline end_grants() {
  released = false; free = false; left = 0; until_expiry = 0; age = 0; is_of_this_session = false; is_of_this_key = false
}

inline hang_up() { session = 0; taken = 0; taken_age = 0; silent = 0; is_of_this_session = false }

inline half_open(what) { pending = what; pending_age = 0 }

inline forget_session() { host_session = 0; offered = 0; sent = 0; seen = 0; heard = 0 }

/* Section 3: what the controller takes, and the host. */
#ifdef BROKEN_FRESH
#define IS_FRESH(m) true
#else
#define IS_FRESH(m) (m.seen <= FRESH)
#endif
#ifdef BROKEN_COUNTER
#define IS_NEXT(m) true
#else
#define IS_NEXT(m) (m.counter > taken)
#endif
#ifdef BROKEN_SESSION
#define IS_OURS(m) true
#else
#define IS_OURS(m) (m.session == session)
#endif
#define IS_TAKEN(m) (m.kind != NOTHING && session != 0 && IS_OURS(m) && IS_NEXT(m) && IS_FRESH(m))
#ifdef BROKEN_HEARD
#define IS_ANSWER true
#else
#define IS_ANSWER (pong_taken <= FRESH)
#endif

/* Section 4: how long a RELEASE or free access lasts. */
#ifdef BROKEN_EXPIRY
#define MAY(m) true
#define UNTIL_EXPIRY(m) m.lasts
#else
#define MAY(m) (m.expires > 0)
#define UNTIL_EXPIRY(m) LEAST(m.lasts, m.expires)
#endif
#ifdef BROKEN_LONGEST
#define CUT(time, longest) (time)
#else
#define CUT(time, longest) LEAST(time, longest)
#endif

/* Section 5: whether an offer of the attacker is obeyed. He is not there while the lid is off and there is no key. */
#ifdef BROKEN_LID
#define OBEYS_AN_OFFER (key == 0 && !lid_is_off)
#else
#ifdef BROKEN_ONE_KEY
#define OBEYS_AN_OFFER (key != 0 && lid_is_off)
#else
#define OBEYS_AN_OFFER false
#endif
#endif

inline obey(m) {
  taken = m.counter; silent = 0;
#ifdef STATUS
  taken_age = m.said;
#endif
  if
  :: (m.kind == RELEASE || m.kind == FREE) && MAY(m) && !lid_is_off ->
    assert(!m.is_used);
    m.is_used = true;
    released = (m.kind == RELEASE); free = (m.kind == FREE);
    left = CUT(UNTIL_EXPIRY(m), (released -> MAX_RELEASE : FREE_ACCESS));
    is_of_this_session = (m.session == session); is_of_this_key = (m.key == key); until_expiry = m.expires; age = 0
  :: m.kind == END -> end_grants()
  :: else
  fi
}

inline say(m, what, lasting, waits) {
  sent++;
  m.kind = what; m.session = host_session; m.counter = sent; m.seen = LEAST(seen, STALE); m.lasts = lasting;
  m.is_used = false; m.key = host_key; m.said = 0;
  /* by the host's reckoning: a PONG that was slow makes it earlier */
  m.expires = (lasting > 0 && lasting + waits > seen - heard -> lasting + waits - (seen - heard) : 0)
}

inline drop(m) {
  m.kind = NOTHING; m.session = 0; m.counter = 0; m.seen = 0; m.expires = 0; m.lasts = 0; m.is_used = false; m.key = 0;
  m.said = 0
}

inline grow_old(m) {
  if
  :: m.kind != NOTHING ->
    UP(m.seen, STALE); DOWN(m.expires);
#ifdef STATUS
    UP(m.said, STALE)
#endif
  :: else
  fi
}

/* After a boot, and when the clock has come round, an old tick may look like a new one. */
inline make_ticks_worst() {
  if :: grant.kind != NOTHING -> grant.seen = 0; grant.expires = 1 :: else fi;
  if :: other.kind != NOTHING -> other.seen = 0 :: else fi
}
