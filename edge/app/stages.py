"""Makes the stages of a door, or of one authority of a lane, from its configuration."""

from __future__ import annotations

import secrets
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from edge.app.risk_policy import risk_policy, zone_of_door
from edge.passage.face.pad_rule import PadRule
from edge.passage.requirements.visit_rules import VisitRules
from edge.passage.stages import Stages
from edge.policy.decide import DoorPolicy, FaceRule
from edge.trust.replay import ReplayMemory
from edge.trust.site_policy import LocalLists
from edge.trust.verify import VerificationContext

if TYPE_CHECKING:
    from edge.config import Config
    from edge.face.engine import FaceEngine
    from edge.trust.snapshot import TrustSnapshot


# A prepared film shows the order that is drawn once in six: 3 * 2 orders of two movements (models/pad.md).
UNATTENDED_PROMPTS: Final = 2


def door_policy(config: Config, engine: FaceEngine | None) -> DoorPolicy:
    """The door's policy, with the similarity that this engine calls a match."""
    return DoorPolicy(
        site=config.door.site,
        # Without an engine no face is compared; 1.0 would match an identical template only.
        similarity=engine.threshold.cosine if engine else 1.0,
        release_ms=config.door.release_ms,
        face=FaceRule(config.door.face),
        min_assurance=config.door.min_assurance,
        can_step_up=engine is not None,
        lists=LocalLists.of(
            ageing_h=config.lists.ageing_h, stale_h=config.lists.stale_h, ageing=config.lists.ageing
        ),
    )


def asks_for_face(config: Config, trust: TrustSnapshot) -> bool:
    """Whether this door compares faces. Raises TrustFault if the policy is of another site."""
    return door_policy(config, None).under(trust.policy).face is not FaceRule.NONE


def prompts_of(config: Config) -> int:
    """The movements that this door asks for when it compares a face: its own number, or that of its staff."""
    if config.face.prompts is not None:
        return config.face.prompts
    return 0 if config.door.staffed else UNATTENDED_PROMPTS


def stages_for(config: Config, engine: FaceEngine | None, visit_rules: VisitRules | None = None) -> Stages:
    """The stages of this configuration; without visit rules nothing more is required of a visit."""
    return Stages(
        context=VerificationContext(
            site=config.door.site, venue=config.door.venue, jurisdiction=config.door.jurisdiction
        ),
        policy=door_policy(config, engine),
        engine=engine,
        replay=ReplayMemory(),
        pad_rule=PadRule(
            prompts=prompts_of(config),
            pin_in_place=config.face.prompts is None,
            flash=config.face.flash,
            needs_colour="passive" in config.face.pad,
            consistency=config.face.consistency,
            mirrored=config.face.mirrored,
            random_below=secrets.randbelow,
        ),
        stopwatch=time.perf_counter_ns,
        visit_rules=visit_rules or VisitRules(),
    )


def adopted(stages: Stages, config: Config) -> Stages:
    """The stages of a new configuration, with the old replay memory: a code shown before stays refused."""
    visit_rules = replace(stages.visit_rules, risk=risk_policy(config.risk), zone=zone_of_door(config))
    judged = stages_for(config, stages.engine, visit_rules)
    return replace(judged, replay=stages.replay, phone_offset=stages.phone_offset)
