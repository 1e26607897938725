#include "env_bridge/minatar/freeway.h"

#include <algorithm>

namespace dqnd {
namespace {

enum Channel { kChicken, kCar, kFirstSpeed, kNumChannels = 7 };

constexpr int kChickenColumn = 4;
constexpr int kTopRow = 0, kStartRow = kMinatarSize - 1;
constexpr int kWalkWait = 3;
constexpr int kTimeLimit = 2500;
constexpr int kSlowestInterval = 5;

// The column `by` cells further on a road whose ends meet.
int Around(int column, int by) {
  return (column + by + kMinatarSize) % kMinatarSize;
}

}  // namespace

MinatarFreeway::MinatarFreeway(const EnvironmentOptions& options)
    : MinatarEnvironment({.name = "freeway", .channels = kNumChannels, .max_reward = 1}, options) {}

void MinatarFreeway::DrawSpeeds() {
  for (Car& car : cars_) {
    car.interval = static_cast<int>(random().RandInt(1, kSlowestInterval + 1));
    car.wait = car.interval;
  }
  // The original gives a car no direction at all for the one number 0.5 exactly, and then fails.
  for (Car& car : cars_) car.rightward = random().Rand() >= 0.5;
}

void MinatarFreeway::BeginGame() {
  for (Car& car : cars_) car.column = 0;
  DrawSpeeds();
  chicken_row_ = kStartRow;
  walk_wait_ = kWalkWait;
  env_steps_left_ = kTimeLimit;
}

MinatarEnvironment::GameResult MinatarFreeway::Play(MinatarAction action) {
  GameResult result;
  WalkChicken(action);
  if (chicken_row_ == kTopRow) {
    result.reward = 1;
    DrawSpeeds();
    chicken_row_ = kStartRow;
  }
  for (int lane = 0; lane < kLanes; ++lane) DriveCar(lane);

  if (walk_wait_ > 0) --walk_wait_;
  --env_steps_left_;
  result.terminated = env_steps_left_ < 0;
  return result;
}

void MinatarFreeway::WalkChicken(MinatarAction action) {
  if (walk_wait_ > 0) return;
  if (action != MinatarAction::kUp && action != MinatarAction::kDown) return;
  walk_wait_ = kWalkWait;
  const int by = action == MinatarAction::kUp ? -1 : 1;
  chicken_row_ = std::clamp(chicken_row_ + by, kTopRow, kStartRow);
}

void MinatarFreeway::DriveCar(int lane) {
  Car& car = cars_[lane];
  const auto hit_chicken = [&] {
    if (car.column == kChickenColumn && chicken_row_ == lane + 1) chicken_row_ = kStartRow;
  };
  hit_chicken();
  if (car.wait > 0) {
    --car.wait;
    return;
  }
  car.wait = car.interval;
  car.column = Around(car.column, car.rightward ? 1 : -1);
  hit_chicken();
}

void MinatarFreeway::Draw(MinatarPlanes& planes) const {
  planes.Set(chicken_row_, kChickenColumn, kChicken);
  for (int lane = 0; lane < kLanes; ++lane) {
    const Car& car = cars_[lane];
    planes.Set(lane + 1, car.column, kCar);
    planes.Set(lane + 1, Around(car.column, car.rightward ? -1 : 1),
               kFirstSpeed + car.interval - 1);
  }
}

void MinatarFreeway::SaveGame(ByteWriter& writer) const {
  for (const Car& car : cars_) {
    writer.I64(car.column);
    writer.I64(car.wait);
    writer.I64(car.interval);
    writer.Bool(car.rightward);
  }
  writer.I64(chicken_row_);
  writer.I64(walk_wait_);
  writer.I64(env_steps_left_);
}

void MinatarFreeway::LoadGame(ByteReader& reader) {
  for (Car& car : cars_) {
    car.column = ReadInt(reader, 0, kMinatarSize - 1, "car column");
    car.wait = ReadInt(reader, 0, kSlowestInterval, "car wait");
    car.interval = ReadInt(reader, 1, kSlowestInterval, "car interval");
    car.rightward = reader.Bool();
  }
  chicken_row_ = ReadInt(reader, kTopRow, kStartRow, "chicken row");
  walk_wait_ = ReadInt(reader, 0, kWalkWait, "chicken wait");
  env_steps_left_ = ReadInt(reader, -1, kTimeLimit, "env_steps left");
}

}  // namespace dqnd
