#pragma once

#include <array>

#include "env_bridge/minatar/minatar_environment.h"

namespace dqnd {

// The player walks freely on rows 1 to 8; enemies and gold cross them sideways, at most one a row.
// Gold gives 1, an enemy ends the game. With difficulty ramping both come faster and more often as
// the game goes on.
//
// Channels: player, enemies, the cell behind each enemy or gold, gold.
class MinatarAsterix final : public MinatarEnvironment {
 public:
  explicit MinatarAsterix(const EnvironmentOptions& options);

 private:
  static constexpr int kRunners = 8;

  struct Runner {
    bool present = false;
    int column = 0;
    bool rightward = false;
    bool gold = false;
  };

  void BeginGame() override;
  GameResult Play(MinatarAction action) override;
  void Draw(MinatarPlanes& planes) const override;
  void SaveGame(ByteWriter& writer) const override;
  void LoadGame(ByteReader& reader) override;

  void Spawn();
  void WalkPlayer(MinatarAction action);
  void MoveRunners();
  void MeetRunner(GameResult& result);
  void RampDifficulty();

  std::array<Runner, kRunners> runners_;  // runner i is on row i + 1
  int player_row_ = 0;
  int player_column_ = 0;
  int spawn_interval_ = 1;
  int spawn_wait_ = 0;
  int move_interval_ = 1;
  int move_wait_ = 0;
  int ramp_wait_ = 0;
  bool faster_at_next_ramp_ = false;  // every second ramp also makes the runners faster
};

}  // namespace dqnd
