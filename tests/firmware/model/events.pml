/* Events of the door, told over a cable that loses and delays what it likes, to a host that starts again at will, by a
 * controller that boots and is erased at will: section 4 of firmware/LINK.md, firmware/ring.py and edge/link/feed.py.
 *
 * Counters keep the order of what arrives in a session (link.pml), so a frame is late or lost, and never overtaken.
 * Numbers come from the program's own, as -D, and those of the ring are scaled down. -DBROKEN_x leaves rule x out.
 * At last the cable is calm: then everything that is kept must be told within ROUNDS.
 */

#define CALM_AT (KEPT + 4) /* so many events of one boot, and then the cable is calm */
#define NUMBERS (CALM_AT + 9) /* room for those of the calm */
#define BOOTS 2
#define ROUNDS (2 * NUMBERS + TRIES)
#define MOST(a, b) ((a) > (b) -> (a) : (b))

/* -- the controller: numbers of the next event, of the first that was not erased, of the next one to tell */
byte boot = 1, next = 2, first = 1, told;
#define OLDEST MOST(first, next - KEPT)
bool is_open;

/* -- the cable: up to two events, each its number and boot, and one EVENTS */
byte number[2], of_boot[2];
byte question;

/* -- the host: edge/link/feed.py, whose names these are */
byte last, last_boot; /* 0 for a controller that was never heard of */
bool is_sure, is_due;
byte wanted = 1, known = 1, tries;

bool is_calm, was_erased;
byte rounds;
byte told_last, told_boot; /* what the host's program was told last */

inline add_event() { assert(next < NUMBERS); next++ }

inline lose_events() { told = MOST(OLDEST, next + 1 - KEPT); add_event() }

inline begin_anew() { last = 0; last_boot = 0; is_sure = true; is_due = true; wanted = 1 }

inline open_session() {
  is_open = true;
  /* the host's feed */
  known = next;
#ifdef BROKEN_AGAIN
  is_sure = true;
#else
  is_sure = (last == 0);
#endif
  if
#ifndef BROKEN_READY
  :: last != 0 && next <= last -> begin_anew()
#endif
  :: last != 0 -> wanted = last + 1
  :: else
  fi;
  told = next; add_event() /* session */
}

inline accept(n, b) {
  /* once */
  assert(b != told_boot || n > told_last);
  /* each of them: or the first of a boot, or the host knows by its number that some are missing */
  assert((b == told_boot && n == told_last + 1) || n == 1 || n > wanted);
  /* one that is still kept is not passed over, unless it was asked for again and again */
  assert(b != boot || n <= wanted || wanted < OLDEST + UNHEARD || tries >= TRIES || was_erased);
  tries = 0; wanted = n + 1; last = n; last_boot = b; told_last = n; told_boot = b
}

inline take(n, b) {
  known = MOST(known, n + 1);
  if
  :: !is_sure && n == last && b == last_boot -> is_sure = true
  :: !is_sure && n == last && b != last_boot -> begin_anew()
  :: !is_sure && n != last && known - last <= KEPT -> is_due = true
  :: !is_sure && n != last && known - last > KEPT ->
    is_sure = true;
#ifndef BROKEN_OVERWRITTEN
    is_due = true; wanted = last
#endif
  :: else ->
    if
#ifndef BROKEN_ONCE
    :: n < wanted
#endif
#ifndef BROKEN_ORDER
    :: n >= wanted && n > MOST(wanted, known - KEPT + UNHEARD) && tries < TRIES -> is_due = true
#endif
    :: else -> accept(n, b)
    fi
  fi
}

/* EVENTS: from `wanted` on, or from the last one that is known, to see whether it is the same */
inline ask() {
  if :: is_due && tries < TRIES -> tries++ :: else fi;
  is_due = false;
  question = (is_sure || last == 0 -> wanted : last)
}

inline answer() {
  if :: question >= 1 && question <= next -> told = question :: else fi;
  question = 0;
  if :: told < OLDEST -> lose_events() :: else fi
}

inline tell() {
  if :: told < OLDEST -> lose_events() :: else fi;
  if
  :: number[0] == 0 -> number[0] = told; of_boot[0] = boot
  :: else -> number[1] = told; of_boot[1] = boot
  fi;
  told++
}

inline lose() { number[0] = number[1]; of_boot[0] = of_boot[1]; number[1] = 0; of_boot[1] = 0 }

inline hear() { take(number[0], of_boot[0]); lose() }

inline cut() { is_open = false; number[0] = 0; number[1] = 0; of_boot[0] = 0; of_boot[1] = 0; question = 0 }

#define IS_WILD (!is_calm && next <= CALM_AT)
#define IS_TOLD (is_sure && wanted == next && wanted >= known && told == next && number[0] == 0)

active proctype feed() {
end:
  do
  /* -- until it is calm, anything happens in any order */
  :: d_step { IS_WILD -> add_event() }
  :: d_step { IS_WILD -> cut(); open_session() }
  :: d_step { IS_WILD && is_open -> cut(); add_event() /* session lost */ }
  :: d_step { !is_calm && boot < BOOTS -> cut(); boot++; next = 2; first = 1; told = 1; was_erased = false }
  :: d_step { !is_calm -> cut(); first = next; told = next; was_erased = true }
  :: d_step { !is_calm -> cut(); is_sure = false; is_due = false; wanted = 1; known = 1; tries = 0 /* the host starts again */ }
#ifndef BROKEN_ASK
  :: d_step { !is_calm && is_open && question == 0 -> ask() }
#endif
  :: d_step { IS_WILD && question != 0 -> answer() }
  :: d_step { !is_calm && question != 0 -> question = 0 }
  :: d_step { IS_WILD && is_open && told < next && number[1] == 0 -> tell() }
  :: d_step { !is_calm && number[0] != 0 -> hear() }
  :: d_step { !is_calm && number[0] != 0 -> lose() }

  /* -- and then all that is said arrives, and nothing new happens */
  :: d_step { IS_WILD -> is_calm = true; cut(); open_session() }
  :: d_step {
      is_calm && !IS_TOLD ->
      rounds++;
      assert(rounds < ROUNDS);
      if
      :: number[0] != 0 -> hear()
      :: number[0] == 0 && told < next -> tell()
#ifndef BROKEN_ASK
      :: number[0] == 0 && told >= next -> ask(); answer()
#else
      :: number[0] == 0 && told >= next
#endif
      fi
    }
  od
}
