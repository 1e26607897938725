#include "env_bridge/minatar/space_invaders.h"

#include <algorithm>
#include <stdexcept>

namespace dqnd {
namespace {

enum Channel { kCannon, kAlien, kAlienLeft, kAlienRight, kBullet, kEnemyBullet, kNumChannels };

constexpr int kBottomRow = kMinatarSize - 1;
constexpr int kCannonInterval = 5;
constexpr int kAlienShotInterval = 10;
constexpr int kFirstMarchInterval = 12, kFastestMarchInterval = 6;
constexpr int kWaveRows = 4, kWaveFirstColumn = 2, kWaveLastColumn = 7;

// Two own bullets, which are five rows apart, are all that fly at once.
constexpr int kMaxReward = 2;

}  // namespace

MinatarSpaceInvaders::MinatarSpaceInvaders(const EnvironmentOptions& options)
    : MinatarEnvironment(
          {.name = "space_invaders", .channels = kNumChannels, .max_reward = kMaxReward}, options) {
}

void MinatarSpaceInvaders::LandAliens() {
  for (int row = 0; row < kWaveRows; ++row) {
    for (int column = kWaveFirstColumn; column <= kWaveLastColumn; ++column) {
      aliens_.Set(row, column);
    }
  }
}

void MinatarSpaceInvaders::BeginGame() {
  cannon_column_ = 5;
  cannon_wait_ = 0;
  bullets_ = enemy_bullets_ = aliens_ = MinatarGrid();
  LandAliens();
  aliens_go_right_ = false;
  march_interval_ = march_wait_ = kFirstMarchInterval;
  alien_shot_wait_ = kAlienShotInterval;
}

MinatarEnvironment::GameResult MinatarSpaceInvaders::Play(MinatarAction action) {
  GameResult result;
  AimCannon(action);
  MoveBullets();
  result.terminated =
      enemy_bullets_.Test(kBottomRow, cannon_column_) || aliens_.Test(kBottomRow, cannon_column_);
  if (march_wait_ == 0) {
    march_wait_ = std::min(aliens_.Count(), march_interval_);
    if (MarchAliens() || aliens_.Test(kBottomRow, cannon_column_)) result.terminated = true;
  }
  if (alien_shot_wait_ == 0) {
    alien_shot_wait_ = kAlienShotInterval;
    ShootFromNearestAlien();
  }
  result.reward = RemoveHitAliens();

  if (cannon_wait_ > 0) --cannon_wait_;
  --march_wait_;
  --alien_shot_wait_;
  if (aliens_.Count() == 0) {
    if (difficulty_ramping()) {
      march_interval_ = std::max(kFastestMarchInterval, march_interval_ - 1);
    }
    LandAliens();
  }
  return result;
}

void MinatarSpaceInvaders::AimCannon(MinatarAction action) {
  if (action == MinatarAction::kFire && cannon_wait_ == 0) {
    bullets_.Set(kBottomRow, cannon_column_);
    cannon_wait_ = kCannonInterval;
  } else if (action == MinatarAction::kLeft) {
    cannon_column_ = std::max(0, cannon_column_ - 1);
  } else if (action == MinatarAction::kRight) {
    cannon_column_ = std::min(kMinatarSize - 1, cannon_column_ + 1);
  }
}

void MinatarSpaceInvaders::MoveBullets() {
  bullets_.row(0) = 0;
  bullets_.RotateUp();
  enemy_bullets_.row(kBottomRow) = 0;
  enemy_bullets_.RotateDown();
}

bool MinatarSpaceInvaders::MarchAliens() {
  const int edge_column = aliens_go_right_ ? kMinatarSize - 1 : 0;
  const bool at_edge = ((aliens_.OccupiedColumns() >> edge_column) & 1) != 0;
  if (!at_edge) {
    aliens_go_right_ ? aliens_.RotateRight() : aliens_.RotateLeft();
    return false;
  }
  const bool landed = aliens_.row(kBottomRow) != 0;
  aliens_go_right_ = !aliens_go_right_;
  aliens_.RotateDown();  // those that landed reappear at the top, in the game's last picture
  return landed;
}

void MinatarSpaceInvaders::ShootFromNearestAlien() {
  // The occupied column nearest to the cannon, the left one of two; in it the lowest alien.
  const MinatarGrid::Row occupied = aliens_.OccupiedColumns();
  int nearest = -1;
  for (int column = 0; column < kMinatarSize; ++column) {
    if (((occupied >> column) & 1) == 0) continue;
    const bool nearer =
        nearest < 0 || std::abs(column - cannon_column_) < std::abs(nearest - cannon_column_);
    if (nearer) nearest = column;
  }
  for (int row = kBottomRow; row >= 0; --row) {
    if (!aliens_.Test(row, nearest)) continue;
    enemy_bullets_.Set(row, nearest);
    return;
  }
}

int MinatarSpaceInvaders::RemoveHitAliens() {
  int hits = 0;
  for (int row = 0; row < kMinatarSize; ++row) {
    const auto hit = static_cast<MinatarGrid::Row>(aliens_.row(row) & bullets_.row(row));
    hits += std::popcount(hit);
    aliens_.row(row) ^= hit;
    bullets_.row(row) ^= hit;
  }
  return hits;
}

void MinatarSpaceInvaders::Draw(MinatarPlanes& planes) const {
  planes.Set(kBottomRow, cannon_column_, kCannon);
  planes.Set(aliens_, kAlien);
  planes.Set(aliens_, aliens_go_right_ ? kAlienRight : kAlienLeft);
  planes.Set(bullets_, kBullet);
  planes.Set(enemy_bullets_, kEnemyBullet);
}

void MinatarSpaceInvaders::SaveGame(ByteWriter& writer) const {
  writer.I64(cannon_column_);
  writer.I64(cannon_wait_);
  bullets_.Save(writer);
  enemy_bullets_.Save(writer);
  aliens_.Save(writer);
  writer.Bool(aliens_go_right_);
  writer.I64(march_interval_);
  writer.I64(march_wait_);
  writer.I64(alien_shot_wait_);
}

void MinatarSpaceInvaders::LoadGame(ByteReader& reader) {
  cannon_column_ = ReadInt(reader, 0, kMinatarSize - 1, "cannon column");
  cannon_wait_ = ReadInt(reader, 0, kCannonInterval, "cannon wait");
  bullets_.Load(reader);
  enemy_bullets_.Load(reader);
  aliens_.Load(reader);
  if (aliens_.Count() == 0) throw std::runtime_error("saved game of space_invaders has no aliens");
  aliens_go_right_ = reader.Bool();
  march_interval_ = ReadInt(reader, kFastestMarchInterval, kFirstMarchInterval, "march interval");
  march_wait_ = ReadInt(reader, 0, kFirstMarchInterval, "march wait");
  alien_shot_wait_ = ReadInt(reader, 0, kAlienShotInterval, "alien shot wait");
}

}  // namespace dqnd
