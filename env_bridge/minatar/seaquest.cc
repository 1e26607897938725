#include "env_bridge/minatar/seaquest.h"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>

namespace dqnd {
namespace {

enum Channel {
  kFront,
  kBack,
  kBullet,
  kTrail,
  kEnemyBullet,
  kFish,
  kSubmarine,
  kAirGauge,
  kDiverGauge,
  kDiver,
  kNumChannels
};

constexpr int kSurfaceRow = 0, kDeepestRow = 8, kGaugeRow = 9;
constexpr int kMaxAir = 200;
constexpr int kMaxDivers = 6;
constexpr int kFirstEnemyInterval = 20;
constexpr int kDiverInterval = 30;
constexpr int kFirstMoveInterval = 5, kFastestMoveInterval = 2;
constexpr int kDiverMoveInterval = 5;
constexpr int kShotInterval = 5;
constexpr int kEnemyShotInterval = 10;

// Surfacing right after a dive with six divers on board gives 9, and two bullets, which are five
// env_steps apart, are all that fly at once.
constexpr int kMaxReward = 9 + 2;

// Room for more swimmers of a kind than can be at sea at once (an enemy appears in each env_step at
// most and leaves after 60 at the latest), so that a game never allocates.
constexpr size_t kMaxSwimmers = 128;

constexpr int AirCells(int air) {
  return std::max(0, air) * kMinatarSize / kMaxAir;
}

}  // namespace

MinatarSeaquest::MinatarSeaquest(const EnvironmentOptions& options)
    : MinatarEnvironment({.name = "seaquest", .channels = kNumChannels, .max_reward = kMaxReward},
                         options) {
  for (Swimmers* swimmers : {&bullets_, &enemy_bullets_, &fish_, &submarines_, &divers_}) {
    swimmers->reserve(kMaxSwimmers);
  }
}

void MinatarSeaquest::BeginGame() {
  row_ = kSurfaceRow;
  column_ = 5;
  rightward_ = false;
  shot_wait_ = 0;
  air_ = kMaxAir;
  divers_on_board_ = 0;
  at_surface_ = true;
  enemy_interval_ = enemy_wait_ = kFirstEnemyInterval;
  diver_wait_ = kDiverInterval;
  move_interval_ = kFirstMoveInterval;
  faster_at_next_ramp_ = false;
  for (Swimmers* swimmers : {&bullets_, &enemy_bullets_, &fish_, &submarines_, &divers_}) {
    swimmers->clear();
  }
}

MinatarEnvironment::GameResult MinatarSeaquest::Play(MinatarAction action) {
  GameResult result;
  SpawnWhatIsDue();
  Steer(action);
  MoveBullets(result);
  MoveDivers();
  MoveEnemySubmarines(result);
  MoveEnemyBullets(result);
  MoveFish(result);
  for (int* wait : {&enemy_wait_, &diver_wait_, &shot_wait_}) {
    if (*wait > 0) --*wait;
  }
  Breathe(result);
  return result;
}

void MinatarSeaquest::SpawnWhatIsDue() {
  if (enemy_wait_ == 0) {
    SpawnEnemy();
    enemy_wait_ = enemy_interval_;
  }
  if (diver_wait_ == 0) {
    SpawnDiver();
    diver_wait_ = kDiverInterval;
  }
}

void MinatarSeaquest::SpawnEnemy() {
  const bool rightward = random().Rand() < 1.0 / 2;
  const bool is_submarine = random().Rand() < 1.0 / 3;
  const int row = static_cast<int>(random().RandInt(1, kDeepestRow + 1));
  const auto oncoming = [&](const Swimmer& enemy) {
    return enemy.row == row && enemy.rightward != rightward;
  };
  if (std::ranges::any_of(submarines_, oncoming) || std::ranges::any_of(fish_, oncoming)) return;
  (is_submarine ? submarines_ : fish_)
      .push_back({.row = row,
                  .column = rightward ? 0 : kMinatarSize - 1,
                  .rightward = rightward,
                  .move_wait = move_interval_,
                  .shot_wait = is_submarine ? kEnemyShotInterval : 0});
}

void MinatarSeaquest::SpawnDiver() {
  const bool rightward = random().Rand() < 1.0 / 2;
  const int row = static_cast<int>(random().RandInt(1, kDeepestRow + 1));
  divers_.push_back({.row = row,
                     .column = rightward ? 0 : kMinatarSize - 1,
                     .rightward = rightward,
                     .move_wait = kDiverMoveInterval});
}

void MinatarSeaquest::Steer(MinatarAction action) {
  switch (action) {
    case MinatarAction::kFire:
      if (shot_wait_ > 0) break;
      bullets_.push_back({.row = row_, .column = column_, .rightward = rightward_});
      shot_wait_ = kShotInterval;
      break;
    case MinatarAction::kLeft:
      column_ = std::max(0, column_ - 1);
      rightward_ = false;
      break;
    case MinatarAction::kRight:
      column_ = std::min(kMinatarSize - 1, column_ + 1);
      rightward_ = true;
      break;
    case MinatarAction::kUp:
      row_ = std::max(kSurfaceRow, row_ - 1);
      break;
    case MinatarAction::kDown:
      row_ = std::min(kDeepestRow, row_ + 1);
      break;
    case MinatarAction::kNothing:
      break;
  }
}

// The loops below go from the newest swimmer to the oldest, as the original's do. Where the
// original removes the first entry that equals the one it means, they remove that one itself: two
// that are equal at that moment can only be own bullets, one env_step apart on the same track, of
// which the original then moves the remaining one off the grid within the same env_step.

void MinatarSeaquest::MoveBullets(GameResult& result) {
  for (auto i = std::ssize(bullets_) - 1; i >= 0; --i) {
    Swimmer& bullet = bullets_[i];
    bullet.MoveOn();
    bool spent = !OnMinatarGrid(bullet.column);
    for (Swimmers* enemies : {&fish_, &submarines_}) {
      if (spent) break;
      const auto hit = std::ranges::find_if(*enemies, [&](const Swimmer& enemy) {
        return enemy.row == bullet.row && enemy.column == bullet.column;
      });
      if (hit == enemies->end()) continue;
      enemies->erase(hit);
      ++result.reward;
      spent = true;
    }
    if (spent) bullets_.erase(bullets_.begin() + i);
  }
}

void MinatarSeaquest::MoveDivers() {
  const auto boards = [&](const Swimmer& diver) {
    return MeetsPlayer(diver) && divers_on_board_ < kMaxDivers;
  };
  for (auto i = std::ssize(divers_) - 1; i >= 0; --i) {
    Swimmer& diver = divers_[i];
    bool on_board = boards(diver);
    if (!on_board && diver.move_wait > 0) {
      --diver.move_wait;
      continue;
    }
    if (!on_board) {
      diver.move_wait = kDiverMoveInterval;
      diver.MoveOn();
      on_board = boards(diver);
    }
    if (on_board) ++divers_on_board_;
    if (on_board || !OnMinatarGrid(diver.column)) divers_.erase(divers_.begin() + i);
  }
}

bool MinatarSeaquest::MoveEnemy(Swimmer& enemy, GameResult& result) {
  if (MeetsPlayer(enemy)) result.terminated = true;
  if (enemy.move_wait > 0) {
    --enemy.move_wait;
    return true;
  }
  enemy.move_wait = move_interval_;
  enemy.MoveOn();
  if (!OnMinatarGrid(enemy.column)) return false;
  if (MeetsPlayer(enemy)) {
    result.terminated = true;
    return true;
  }
  const auto hit = std::ranges::find_if(bullets_, [&](const Swimmer& bullet) {
    return bullet.row == enemy.row && bullet.column == enemy.column;
  });
  if (hit == bullets_.end()) return true;
  bullets_.erase(hit);
  ++result.reward;
  return false;
}

void MinatarSeaquest::MoveEnemySubmarines(GameResult& result) {
  for (auto i = std::ssize(submarines_) - 1; i >= 0; --i) {
    Swimmer& submarine = submarines_[i];
    const bool remains = MoveEnemy(submarine, result);
    // One that has just been hit, or has left, still shoots if it is due.
    if (submarine.shot_wait == 0) {
      submarine.shot_wait = kEnemyShotInterval;
      enemy_bullets_.push_back(
          {.row = submarine.row, .column = submarine.column, .rightward = submarine.rightward});
    } else {
      --submarine.shot_wait;
    }
    if (!remains) submarines_.erase(submarines_.begin() + i);
  }
}

void MinatarSeaquest::MoveEnemyBullets(GameResult& result) {
  for (auto i = std::ssize(enemy_bullets_) - 1; i >= 0; --i) {
    Swimmer& bullet = enemy_bullets_[i];
    if (MeetsPlayer(bullet)) result.terminated = true;
    bullet.MoveOn();
    if (MeetsPlayer(bullet)) result.terminated = true;
    if (!OnMinatarGrid(bullet.column)) enemy_bullets_.erase(enemy_bullets_.begin() + i);
  }
}

void MinatarSeaquest::MoveFish(GameResult& result) {
  for (auto i = std::ssize(fish_) - 1; i >= 0; --i) {
    if (!MoveEnemy(fish_[i], result)) fish_.erase(fish_.begin() + i);
  }
}

void MinatarSeaquest::Breathe(GameResult& result) {
  if (air_ <= 0) result.terminated = true;
  if (row_ > kSurfaceRow) {
    --air_;
    at_surface_ = false;
    return;
  }
  if (at_surface_) return;
  if (divers_on_board_ == 0) {
    result.terminated = true;
  } else {
    result.reward += Surface();
  }
}

int MinatarSeaquest::Surface() {
  at_surface_ = true;
  int reward = 0;
  if (divers_on_board_ == kMaxDivers) {
    divers_on_board_ = 0;
    reward = AirCells(air_);
  }
  air_ = kMaxAir;
  --divers_on_board_;
  const bool can_ramp = enemy_interval_ > 1 || move_interval_ > kFastestMoveInterval;
  if (difficulty_ramping() && can_ramp) {
    if (faster_at_next_ramp_) move_interval_ = std::max(kFastestMoveInterval, move_interval_ - 1);
    enemy_interval_ = std::max(1, enemy_interval_ - 1);
    faster_at_next_ramp_ = !faster_at_next_ramp_;
  }
  return reward;
}

void MinatarSeaquest::Draw(MinatarPlanes& planes) const {
  const auto draw = [&](const Swimmers& swimmers, Channel channel) {
    for (const Swimmer& swimmer : swimmers) planes.Set(swimmer.row, swimmer.column, channel);
  };
  const auto draw_with_trail = [&](const Swimmers& swimmers, Channel channel) {
    draw(swimmers, channel);
    for (const Swimmer& swimmer : swimmers) {
      if (OnMinatarGrid(swimmer.behind())) planes.Set(swimmer.row, swimmer.behind(), kTrail);
    }
  };
  planes.Set(row_, column_, kFront);
  planes.Set(row_, back_column(), kBack);
  draw(bullets_, kBullet);
  draw(enemy_bullets_, kEnemyBullet);
  draw_with_trail(fish_, kFish);
  draw_with_trail(submarines_, kSubmarine);
  draw_with_trail(divers_, kDiver);
  for (int i = 0; i < AirCells(air_); ++i) planes.Set(kGaugeRow, i, kAirGauge);
  for (int i = 1; i <= divers_on_board_; ++i) {
    planes.Set(kGaugeRow, kMinatarSize - 1 - i, kDiverGauge);
  }
}

void MinatarSeaquest::SaveGame(ByteWriter& writer) const {
  for (const int value : {row_, column_, shot_wait_, air_, divers_on_board_, enemy_interval_,
                          enemy_wait_, diver_wait_, move_interval_}) {
    writer.I64(value);
  }
  for (const bool value : {rightward_, at_surface_, faster_at_next_ramp_}) writer.Bool(value);
  for (const Swimmers* swimmers : {&bullets_, &enemy_bullets_, &fish_, &submarines_, &divers_}) {
    writer.U64(swimmers->size());
    for (const Swimmer& swimmer : *swimmers) {
      writer.I64(swimmer.row);
      writer.I64(swimmer.column);
      writer.Bool(swimmer.rightward);
      writer.I64(swimmer.move_wait);
      writer.I64(swimmer.shot_wait);
    }
  }
}

void MinatarSeaquest::LoadGame(ByteReader& reader) {
  row_ = ReadInt(reader, kSurfaceRow, kDeepestRow, "submarine row");
  column_ = ReadInt(reader, 0, kMinatarSize - 1, "submarine column");
  shot_wait_ = ReadInt(reader, 0, kShotInterval, "shot wait");
  air_ = ReadInt(reader, -1, kMaxAir, "air");
  divers_on_board_ = ReadInt(reader, std::numeric_limits<int32_t>::min() / 2, kMaxDivers, "divers");
  enemy_interval_ = ReadInt(reader, 1, kFirstEnemyInterval, "enemy interval");
  enemy_wait_ = ReadInt(reader, 0, kFirstEnemyInterval, "enemy wait");
  diver_wait_ = ReadInt(reader, 0, kDiverInterval, "diver wait");
  move_interval_ = ReadInt(reader, kFastestMoveInterval, kFirstMoveInterval, "move interval");
  for (bool* value : {&rightward_, &at_surface_, &faster_at_next_ramp_}) *value = reader.Bool();
  if (!OnMinatarGrid(back_column())) {
    throw std::runtime_error("saved game of seaquest has a submarine half outside of the sea");
  }
  for (Swimmers* swimmers : {&bullets_, &enemy_bullets_, &fish_, &submarines_, &divers_}) {
    const uint64_t count = reader.U64();
    if (count > kMaxSwimmers) {
      throw std::runtime_error("saved game has " + std::to_string(count) +
                               " swimmers of a kind; there are at most " +
                               std::to_string(kMaxSwimmers));
    }
    swimmers->resize(count);
    for (Swimmer& swimmer : *swimmers) {
      swimmer.row = ReadInt(reader, 0, kDeepestRow, "swimmer row");
      swimmer.column = ReadInt(reader, 0, kMinatarSize - 1, "swimmer column");
      swimmer.rightward = reader.Bool();
      swimmer.move_wait = ReadInt(reader, 0, kFirstMoveInterval, "swimmer's move wait");
      swimmer.shot_wait = ReadInt(reader, 0, kEnemyShotInterval, "swimmer's shot wait");
    }
  }
}

}  // namespace dqnd
