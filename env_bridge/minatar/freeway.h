#pragma once

#include <array>

#include "env_bridge/minatar/minatar_environment.h"

namespace dqnd {

// A chicken crosses eight lanes of cars, one lane a row, upwards; it can walk once in three
// env_steps. Reaching the top gives 1, puts it back to the bottom and draws every car's speed and
// direction anew; so does a car that hits it, without the 1 and the draw. The game ends after 2,501
// env_steps.
//
// Channels: chicken, cars, and the cell behind a car in one of five channels by how slow the car
// is.
class MinatarFreeway final : public MinatarEnvironment {
 public:
  explicit MinatarFreeway(const EnvironmentOptions& options);

 private:
  static constexpr int kLanes = 8;

  struct Car {
    int column = 0;
    int wait = 0;      // env_steps before it moves
    int interval = 1;  // env_steps that it waits after each move, 1 to 5
    bool rightward = false;
  };

  void BeginGame() override;
  GameResult Play(MinatarAction action) override;
  void Draw(MinatarPlanes& planes) const override;
  void SaveGame(ByteWriter& writer) const override;
  void LoadGame(ByteReader& reader) override;

  void DrawSpeeds();
  void WalkChicken(MinatarAction action);
  void DriveCar(int lane);

  std::array<Car, kLanes> cars_;  // car i drives on row i + 1
  int chicken_row_ = 0;
  int walk_wait_ = 0;       // env_steps before the chicken can walk
  int env_steps_left_ = 0;  // the game ends when it falls below 0
};

}  // namespace dqnd
