"""Players of the original MinAtar games that get where random play does not.

Each looks into the original's game, chooses an action that keeps it alive and on its way, and keeps
count in `seen` of the rare things that happened. `rare` names those that a long enough game must have
visited for a comparison to mean something.
"""

import collections

import numpy

NOTHING, LEFT, UP, RIGHT, DOWN, FIRE = range(6)
MOVES = {NOTHING: (0, 0), LEFT: (-1, 0), UP: (0, -1), RIGHT: (1, 0), DOWN: (0, 1)}


class Player:
    """Call choose, then act with the original, then watch, before the original is reset."""

    rare = ()

    def __init__(self, random):
        self.random = random
        self.seen = collections.Counter()

    def toward(self, here, there, before, after):
        """The action that brings a coordinate nearer: `before` lowers it, `after` raises it."""
        return before if there < here else after if there > here else NOTHING


class AsterixPlayer(Player):
    """Goes for gold and steps aside from enemies."""

    rare = ("gold", "killed", "ramped", "fastest enemies")

    def choose(self, game):
        return min(MOVES, key=lambda action: self.cost(game, *MOVES[action]))

    def cost(self, game, right, down):
        x = min(9, max(0, game.player_x + right))
        y = min(8, max(1, game.player_y + down))
        cost = self.random.random() * 0.1
        for runner in filter(None, game.entities):
            distance = (x - runner[0]) * (1 if runner[2] else -1)  # > 0: it comes nearer
            if runner[3]:
                cost += (abs(runner[0] - x) + 2 * abs(runner[1] - y)) * 0.02
            elif runner[1] == y and -1 <= distance <= 2:
                cost += 10 - 3 * abs(distance)
            elif abs(runner[1] - y) == 1 and -1 <= distance <= 1:
                cost += 0.3
        return cost + (abs(y - 4.5) + abs(x - 4.5)) * 0.05

    def watch(self, game, reward):
        self.seen["gold"] += reward > 0
        self.seen["killed"] += game.terminal
        self.seen["ramped"] += game.ramp_index > 0
        self.seen["fastest enemies"] += game.move_speed == 1


class BreakoutPlayer(Player):
    """Follows the ball, and misses one in fifty."""

    rare = ("brick", "missed", "wall rebuilt", "through bricks", "bounced from the edge")

    def choose(self, game):
        self.bricks = int(game.brick_map.sum())
        self.direction = game.ball_dir
        self.was_in_bricks = game.strike
        if self.random.random() < 0.02:
            return int(self.random.integers(6))
        column = game.ball_x
        if game.ball_dir in (2, 3) and game.ball_y < 8:
            column = min(9, max(0, column + (1 if game.ball_dir == 2 else -1)))
        return self.toward(game.pos, column, LEFT, RIGHT)

    def watch(self, game, reward):
        self.seen["brick"] += reward > 0
        self.seen["missed"] += game.terminal
        self.seen["wall rebuilt"] += int(game.brick_map.sum()) > self.bricks
        self.seen["through bricks"] += self.was_in_bricks and game.strike
        self.seen["bounced from the edge"] += (self.direction, game.ball_dir) in ((2, 0), (3, 1))


class FreewayPlayer(Player):
    """Walks up, with a step back now and then."""

    rare = ("win", "hit by a car", "time over")

    def choose(self, game):
        self.row = game.pos
        return UP if self.random.random() < 0.95 else int(self.random.integers(6))

    def watch(self, game, reward):
        self.seen["win"] += reward > 0
        self.seen["hit by a car"] += self.row < 8 and game.pos == 9 and reward == 0
        self.seen["time over"] += game.terminal


class SeaquestPlayer(Player):
    """Collects divers, shoots what is ahead, avoids what is near, surfaces in time.

    Now and then it surfaces without a diver, or where the game counts fewer than none, or not at all.
    """

    rare = (
        "diver",
        "surfaced with six",
        "surfaced below zero",
        "ramped",
        "fastest enemies",
        "shot a submarine",
        "shot a fish",
        "killed",
        "no diver at the surface",
        "out of air",
    )

    holds_out = False  # stays below until the air is gone

    def choose(self, game):
        self.divers = game.diver_count
        self.submarines, self.fish = len(game.e_subs), len(game.e_fish)
        self.at_surface = game.surface
        if game.oxygen == 39:
            self.holds_out = self.random.random() < 0.05
        rashness = {-1: 0.2, 0: 0.02}.get(game.diver_count, 0)
        if game.sub_y == 1 and self.random.random() < rashness:
            return UP
        return min(range(6), key=lambda action: self.cost(game, action))

    def cost(self, game, action):
        right, down = MOVES.get(action, (0, 0))
        x = min(9, max(0, game.sub_x + right))
        y = min(8, max(0, game.sub_y + down))
        cost = self.random.random() * 0.1 + self.danger(game, x, y)
        if action == FIRE:
            cost += -1 if game.shot_timer == 0 and self.enemy_ahead(game) else 0.5
        out_of_time = game.oxygen < 40 and game.diver_count != 0 and not self.holds_out
        if game.diver_count == 6 or out_of_time:
            return cost + y * 0.5
        if y == 0 and game.sub_y > 0:
            cost += 3 if game.diver_count < 0 else 20
        ahead = [diver for diver in game.divers if 0 < diver[1] < 9]
        if ahead:
            cost += 0.3 * min(abs(diver[0] - x) + abs(diver[1] - y) for diver in ahead)
        else:
            cost += 0.1 * (abs(y - 4) + abs(x - 4.5))
        return cost

    def danger(self, game, x, y):
        cost = 0
        for enemy in game.e_subs + game.e_fish:
            distance = (x - enemy[0]) * (1 if enemy[2] else -1)
            if enemy[1] == y and -1 <= distance <= 2:
                cost += 12 - 3 * abs(distance)
        for bullet in game.e_bullets:
            distance = (x - bullet[0]) * (1 if bullet[2] else -1)
            if bullet[1] == y and 0 <= distance <= 3:
                cost += 10 - 2 * distance
        return cost

    def enemy_ahead(self, game):
        side = 1 if game.sub_or else -1
        return any(
            enemy[1] == game.sub_y and (enemy[0] - game.sub_x) * side > 0
            for enemy in game.e_subs + game.e_fish
        )

    def watch(self, game, reward):
        surfaced = game.surface and not self.at_surface
        self.seen["diver"] += game.diver_count > self.divers
        self.seen["surfaced with six"] += surfaced and game.diver_count == -1 and self.divers >= 5
        self.seen["surfaced below zero"] += surfaced and game.diver_count < -1
        self.seen["ramped"] += game.ramp_index > 0
        self.seen["fastest enemies"] += game.move_speed == 2
        self.seen["shot a submarine"] += reward > 0 and len(game.e_subs) < self.submarines
        self.seen["shot a fish"] += reward > 0 and len(game.e_fish) < self.fish
        self.seen["killed"] += game.terminal and game.sub_y > 0
        self.seen["no diver at the surface"] += game.terminal and game.sub_y == 0
        self.seen["out of air"] += game.terminal and game.oxygen < 0


class SpaceInvadersPlayer(Player):
    """Shoots when that will hit an alien, and steps out of the way of bullets."""

    rare = ("alien", "wave cleared", "fastest wave", "shot", "overrun", "turned", "last alien")

    def choose(self, game):
        self.aliens = int(game.alien_map.sum())
        self.direction = game.alien_dir
        self.will_hit = game.shot_timer == 0 and self.shot_hits(game)
        return min((NOTHING, LEFT, RIGHT, FIRE), key=lambda action: self.cost(game, action))

    def cost(self, game, action):
        column = min(9, max(0, game.pos + MOVES.get(action, (0, 0))[0]))
        cost = self.random.random() * 0.1
        for row, danger in ((8, 20), (7, 6), (6, 2), (5, 1)):
            cost += danger * game.e_bullet_map[row, column]
        columns = game.alien_map.sum(axis=0).nonzero()[0]
        cost += 0.2 * min(abs(columns + game.alien_dir - column))
        return cost - 3 * (action == FIRE and self.will_hit)

    def shot_hits(self, game):
        """Whether a bullet shot now will meet an alien, if the others leave them all alive."""
        aliens, direction, timer = game.alien_map, game.alien_dir, game.alien_move_timer
        for row in range(8, -1, -1):
            if timer == 0:
                timer = min(self.aliens, game.enemy_move_interval)
                if aliens[:, 0 if direction < 0 else 9].any():
                    direction = -direction
                    aliens = numpy.roll(aliens, 1, axis=0)
                else:
                    aliens = numpy.roll(aliens, direction, axis=1)
            if aliens[row, game.pos] and not game.f_bullet_map[:, game.pos].any():
                return True
            timer -= 1
        return False

    def watch(self, game, reward):
        self.seen["alien"] += int(reward > 0)
        self.seen["wave cleared"] += int(game.alien_map.sum()) > self.aliens
        self.seen["fastest wave"] += game.enemy_move_interval == 6
        self.seen["shot"] += game.terminal and bool(game.e_bullet_map[9, game.pos])
        self.seen["overrun"] += game.terminal and not game.e_bullet_map[9, game.pos]
        self.seen["turned"] += game.alien_dir != self.direction
        self.seen["last alien"] += self.aliens == 1


PLAYERS = {
    "asterix": AsterixPlayer,
    "breakout": BreakoutPlayer,
    "freeway": FreewayPlayer,
    "seaquest": SeaquestPlayer,
    "space_invaders": SpaceInvadersPlayer,
}
