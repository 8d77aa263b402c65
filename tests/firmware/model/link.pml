/* The door link of firmware/LINK.md with an attacker in its cable, for spin.
 *
 * The attacker keeps copies of frames, and delivers any of them at any time, any number of times, or never. Both ends
 * restart at will. Time passes at will, in units that test_link_model.py chooses. Ages, and times that are left, stand
 * in place of clocks, and stop counting where more makes no difference: the states are finite, and no run is too long.
 *
 * Numbers come from the program's own, as -D. -DBROKEN_x leaves rule x out. One of these says what the model looks at;
 * all of it at once would be too many states:
 *
 * -DRELEASES  grants of SHORT units, and -DLONG one that is longer than the longest
 * -DMODES     free access
 * -DSTATUS    what the host believes of the door
 * -DKEYS      (with RELEASES) the lid, the service jumper and commissioning
 */

#include "link_rules.pml"

inline pass_time() {
  /* frames grow old in the attacker's hand */
  grow_old(grant); grow_old(other);
  if :: prove != 0 -> UP(prove_said, STALE) :: else fi;
  if :: ready != 0 -> UP(ready_tick, OLD) :: else fi;
  if :: pong != 0 -> UP(pong_tick, OLD); UP(pong_taken, STALE) :: else fi;
  /* the controller's turn */
  if
  :: released || free ->
    DOWN(left); DOWN(until_expiry);
#ifdef LONG
    UP(age, (released -> MAX_RELEASE : FREE_ACCESS))
#endif
  :: else
  fi;
  if :: left == 0 -> end_grants() :: else fi;
  if
  :: session != 0 ->
    UP(silent, SESSION + 1);
#ifdef STATUS
    UP(taken_age, STALE);
#endif
#ifndef BROKEN_HEARTBEAT
    if :: silent > HEARTBEAT -> end_grants() :: else fi;
#endif
#ifndef BROKEN_SESSION_END
    if :: silent > SESSION -> hang_up() :: else fi
#endif
  :: else
  fi;
  if :: pending != 0 -> UP(pending_age, STALE) :: else fi;
#ifndef BROKEN_HALF_OPEN
  if :: pending_age > FRESH -> half_open(0) :: else fi;
#endif
  /* the host's turn */
  if :: dead -> UP(dead_for, FRESH + HEARTBEAT + 1) :: else fi;
  if
  :: host_session != 0 ->
    UP(seen, OLD); UP(heard, OLD);
#ifndef BROKEN_SILENCE
    if :: heard > SILENCE -> forget_session() :: else fi
#endif
  :: else ->
    skip;
#ifndef BROKEN_RETRY
    offered = 0 /* a new HELLO */
#endif
  fi
}

/* What must hold at every moment. */
#define IS_FREE_TO_PASS (released || free)
inline check() {
  /* what a door does all the same: each of these must not hold */
#ifdef NEVER_RELEASED
  assert(!(released && heard == 0));
#endif
#ifdef NEVER_LONG
  assert(!(released && age == MAX_RELEASE - 1));
#endif
#ifdef NEVER_FREE
  assert(!(free && left == 1));
#endif
#ifdef NEVER_REPLACED
  assert(!(session != 0 && session == host_session && grant.session == OTHER && grant.seen == 0));
#endif
#ifdef NEVER_REKEYED
  assert(!(released && key == 2));
#endif
  assert(!IS_FREE_TO_PASS || is_of_this_session);
  assert(!IS_FREE_TO_PASS || is_of_this_key);
  assert(!IS_FREE_TO_PASS || until_expiry > 0);
  assert(!released || age < MAX_RELEASE);
  assert(!free || age < FREE_ACCESS);
  assert(!IS_FREE_TO_PASS || dead_for <= FRESH + HEARTBEAT);
  assert(prove == 0 || prove != session || prove_said <= FRESH);
#ifdef STATUS
  assert(host_session == 0 || seen <= FRESH + SILENCE);
#endif
  tidy_up()
}

#define CAN_SAY (!dead && host_session != 0)

active proctype door() {
  do
  :: d_step { pass_time(); check() }

  /* -- both ends restart */
  :: d_step { !dead -> dead = true; forget_session(); check() }
  :: d_step { dead -> dead = false; dead_for = 0 }
  :: d_step { true -> hang_up(); end_grants(); half_open(0); make_ticks_worst(); check() }
  :: d_step { session == 0 || silent > SESSION -> make_ticks_worst(); check() } /* the clock has come round */

  /* -- a handshake: the host takes the WELCOME of its newest HELLO; another HELLO takes its place */
  :: d_step {
      key != 0 && key == host_key && !dead && host_session == 0 && offered == 0 ->
      name_session();
      if :: name != 0 -> half_open(name); offered = name; prove = name; prove_said = 0 :: else fi;
      check()
    }
  :: d_step { pending != 0 -> half_open(0); check() }
  :: d_step {
      prove != 0 && prove == pending ->
#ifndef BROKEN_REPLACE
      end_grants();
#endif
      hang_up();
      session = pending; ready = pending; ready_tick = 0;
      assert(prove_said <= FRESH);
      half_open(0); check()
    }
  :: d_step {
      ready != 0 && ready == offered && !dead ->
      host_session = offered; offered = 0; sent = 0; seen = ready_tick; heard = 0; check()
    }

  /* -- messages */
  :: d_step { CAN_SAY -> say(other, PING, 0, 0); check() }
#ifdef RELEASES
#ifdef LONG
  :: d_step { CAN_SAY -> say(grant, RELEASE, MAX_RELEASE + 3, ANSWER); check() }
#else
  :: d_step { CAN_SAY -> say(grant, RELEASE, SHORT, ANSWER); check() }
#endif
  :: d_step { CAN_SAY -> say(other, END, 0, 0); check() }
#endif
#ifdef MODES
#ifdef LONG
  :: d_step { CAN_SAY -> say(grant, FREE, FREE_ACCESS + 3, 0); check() }
#else
  :: d_step { CAN_SAY -> say(grant, FREE, FREE_ACCESS, 0); check() }
#endif
  :: d_step { CAN_SAY -> say(other, END, 0, 0); check() }
#endif
  :: d_step { IS_TAKEN(grant) -> obey(grant); check() }
  :: d_step { IS_TAKEN(other) -> obey(other); check() }
  :: d_step { session != 0 && silent <= HEARTBEAT -> pong = session; pong_tick = 0; pong_taken = taken_age; check() }
  :: d_step {
      pong != 0 && pong == host_session && pong_tick <= seen && IS_ANSWER ->
      seen = pong_tick; heard = 0; check()
    }

  /* -- the attacker forgets: what is left makes room for new names */
  :: d_step { grant.kind != NOTHING -> drop(grant); check() }
  :: d_step { other.kind != NOTHING -> drop(other); check() }

#ifdef KEYS
  /* -- section 5: the lid, the jumper, a new key */
  :: d_step { !lid_is_off -> lid_is_off = true; end_grants() }
  :: d_step { lid_is_off -> lid_is_off = false }
  :: d_step {
      lid_is_off && key != 0 ->
      key = 0; key_is_known = false;
#ifndef BROKEN_ADOPT
      hang_up(); end_grants(); half_open(0);
#endif
      check()
    }
  :: d_step {
      lid_is_off && key == 0 && !dead ->
      key = (host_key == 1 -> 2 : 1); host_key = key;
#ifdef BROKEN_EXCHANGE
      key_is_known = true;
#endif
      forget_session(); check()
    }
  :: d_step { OBEYS_AN_OFFER -> key = EVIL; hang_up(); end_grants(); half_open(0); check() }
  :: d_step { /* who has the key opens a session and grants */
      (key == EVIL || (key != 0 && key_is_known)) && !lid_is_off ->
      released = true; left = 1; is_of_this_session = false; check()
    }
#endif
  od
}
