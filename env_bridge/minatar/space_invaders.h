#pragma once

#include "env_bridge/minatar/minatar_environment.h"

namespace dqnd {

// A cannon on the bottom row against a block of aliens that walks sideways and comes down one row
// at each edge. The nearest alien shoots at the cannon. An alien that is shot gives 1; a bullet or
// an alien that reaches the cannon, or an alien on the bottom row that turns, ends the game. Few
// aliens walk faster. With difficulty ramping each new wave walks faster than the last.
//
// Channels: cannon, aliens, aliens walking left, aliens walking right, own bullets, enemy bullets.
class MinatarSpaceInvaders final : public MinatarEnvironment {
 public:
  explicit MinatarSpaceInvaders(const EnvironmentOptions& options);

 private:
  void BeginGame() override;
  GameResult Play(MinatarAction action) override;
  void Draw(MinatarPlanes& planes) const override;
  void SaveGame(ByteWriter& writer) const override;
  void LoadGame(ByteReader& reader) override;

  void LandAliens();
  void AimCannon(MinatarAction action);
  void MoveBullets();
  // Moves all aliens by one cell; returns whether they turned while one stood on the bottom row.
  bool MarchAliens();
  void ShootFromNearestAlien();
  int RemoveHitAliens();

  int cannon_column_ = 0;
  int cannon_wait_ = 0;  // env_steps before the cannon can shoot
  MinatarGrid bullets_;
  MinatarGrid enemy_bullets_;
  MinatarGrid aliens_;
  bool aliens_go_right_ = false;
  int march_interval_ = 1;  // env_steps between moves of this wave, while it is large
  int march_wait_ = 0;
  int alien_shot_wait_ = 0;
};

}  // namespace dqnd
