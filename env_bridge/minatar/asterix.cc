#include "env_bridge/minatar/asterix.h"

#include <algorithm>

namespace dqnd {
namespace {

enum Channel { kPlayer, kEnemy, kTrail, kGold, kNumChannels };

constexpr int kTopRow = 1, kBottomRow = 8;
constexpr int kFirstSpawnInterval = 10;
constexpr int kFirstMoveInterval = 5;
constexpr int kRampInterval = 100;

}  // namespace

MinatarAsterix::MinatarAsterix(const EnvironmentOptions& options)
    : MinatarEnvironment({.name = "asterix", .channels = kNumChannels, .max_reward = 1}, options) {}

void MinatarAsterix::BeginGame() {
  runners_.fill(Runner());
  player_row_ = 5;
  player_column_ = 5;
  spawn_interval_ = spawn_wait_ = kFirstSpawnInterval;
  move_interval_ = move_wait_ = kFirstMoveInterval;
  ramp_wait_ = kRampInterval;
  faster_at_next_ramp_ = false;
}

MinatarEnvironment::GameResult MinatarAsterix::Play(MinatarAction action) {
  GameResult result;
  if (spawn_wait_ == 0) {
    Spawn();
    spawn_wait_ = spawn_interval_;
  }
  WalkPlayer(action);
  MeetRunner(result);
  if (move_wait_ == 0) {
    MoveRunners();
    move_wait_ = move_interval_;
    MeetRunner(result);
  }
  --spawn_wait_;
  --move_wait_;
  if (difficulty_ramping()) RampDifficulty();
  return result;
}

void MinatarAsterix::Spawn() {
  const bool rightward = random().Rand() < 1.0 / 2;
  const bool gold = random().Rand() < 1.0 / 3;
  const auto free_rows =
      std::ranges::count_if(runners_, [](const Runner& runner) { return !runner.present; });
  if (free_rows == 0) return;
  int64_t free_rows_above = random().RandInt(0, free_rows);
  for (Runner& runner : runners_) {
    if (runner.present) continue;
    if (free_rows_above-- > 0) continue;
    runner = {.present = true,
              .column = rightward ? 0 : kMinatarSize - 1,
              .rightward = rightward,
              .gold = gold};
    return;
  }
}

void MinatarAsterix::WalkPlayer(MinatarAction action) {
  switch (action) {
    case MinatarAction::kLeft:
      player_column_ = std::max(0, player_column_ - 1);
      break;
    case MinatarAction::kRight:
      player_column_ = std::min(kMinatarSize - 1, player_column_ + 1);
      break;
    case MinatarAction::kUp:
      player_row_ = std::max(kTopRow, player_row_ - 1);
      break;
    case MinatarAction::kDown:
      player_row_ = std::min(kBottomRow, player_row_ + 1);
      break;
    case MinatarAction::kNothing:
    case MinatarAction::kFire:
      break;
  }
}

void MinatarAsterix::MoveRunners() {
  for (Runner& runner : runners_) {
    if (!runner.present) continue;
    runner.column += runner.rightward ? 1 : -1;
    if (!OnMinatarGrid(runner.column)) runner = Runner();
  }
}

void MinatarAsterix::MeetRunner(GameResult& result) {
  Runner& runner = runners_[player_row_ - 1];
  if (!runner.present || runner.column != player_column_) return;
  if (runner.gold) {
    runner = Runner();
    ++result.reward;
  } else {
    result.terminated = true;
  }
}

void MinatarAsterix::RampDifficulty() {
  if (spawn_interval_ == 1 && move_interval_ == 1) return;
  if (ramp_wait_ >= 0) {
    --ramp_wait_;
    return;
  }
  if (faster_at_next_ramp_) move_interval_ = std::max(1, move_interval_ - 1);
  spawn_interval_ = std::max(1, spawn_interval_ - 1);
  faster_at_next_ramp_ = !faster_at_next_ramp_;
  ramp_wait_ = kRampInterval;
}

void MinatarAsterix::Draw(MinatarPlanes& planes) const {
  planes.Set(player_row_, player_column_, kPlayer);
  for (int i = 0; i < kRunners; ++i) {
    const Runner& runner = runners_[i];
    if (!runner.present) continue;
    planes.Set(i + 1, runner.column, runner.gold ? kGold : kEnemy);
    const int behind = runner.column + (runner.rightward ? -1 : 1);
    if (OnMinatarGrid(behind)) planes.Set(i + 1, behind, kTrail);
  }
}

void MinatarAsterix::SaveGame(ByteWriter& writer) const {
  for (const Runner& runner : runners_) {
    writer.Bool(runner.present);
    writer.I64(runner.column);
    writer.Bool(runner.rightward);
    writer.Bool(runner.gold);
  }
  for (const int value : {player_row_, player_column_, spawn_interval_, spawn_wait_, move_interval_,
                          move_wait_, ramp_wait_}) {
    writer.I64(value);
  }
  writer.Bool(faster_at_next_ramp_);
}

void MinatarAsterix::LoadGame(ByteReader& reader) {
  for (Runner& runner : runners_) {
    runner.present = reader.Bool();
    runner.column = ReadInt(reader, 0, kMinatarSize - 1, "runner column");
    runner.rightward = reader.Bool();
    runner.gold = reader.Bool();
  }
  player_row_ = ReadInt(reader, kTopRow, kBottomRow, "player row");
  player_column_ = ReadInt(reader, 0, kMinatarSize - 1, "player column");
  spawn_interval_ = ReadInt(reader, 1, kFirstSpawnInterval, "spawn interval");
  spawn_wait_ = ReadInt(reader, 0, kFirstSpawnInterval, "spawn wait");
  move_interval_ = ReadInt(reader, 1, kFirstMoveInterval, "move interval");
  move_wait_ = ReadInt(reader, 0, kFirstMoveInterval, "move wait");
  ramp_wait_ = ReadInt(reader, -1, kRampInterval, "ramp wait");
  faster_at_next_ramp_ = reader.Bool();
}

}  // namespace dqnd
