#include "env_bridge/ale/ale_emulator.h"

#include <cassert>
#include <cstring>
#include <numeric>
#include <stdexcept>

#include "ale/ale_interface.hpp"
#include "ale/common/ColourPalette.hpp"

namespace dqnd {

AleEmulator::AleEmulator(const std::filesystem::path& rom, int max_frames_per_game) : rom_(rom) {
  // Before the first ALEInterface, which would print a banner to stderr.
  static const bool silenced = [] {
    ale::Logger::setMode(ale::Logger::Error);
    return true;
  }();
  static_cast<void>(silenced);

  ale_ = std::make_unique<ale::ALEInterface>();
  // ALE's own random numbers serve its own sticky actions only, which do not survive a restored
  // state and are therefore off; a fixed seed keeps saved states free of the time of day.
  ale_->setFloat("repeat_action_probability", 0.0f);
  ale_->setInt("random_seed", 0);
  ale_->setInt("max_num_frames_per_episode", max_frames_per_game);
  Reload();

  screen_height_ = static_cast<int>(ale_->getScreen().height());
  screen_width_ = static_cast<int>(ale_->getScreen().width());
  // The palettes as tables: ALE's own conversions read them afresh for every pixel. There is no
  // grey value for 255.
  std::array<uint8_t, 256> pixels;
  std::iota(pixels.begin(), pixels.end(), uint8_t{0});
  ale::ColourPalette& colours = ale_->theOSystem->colourPalette();
  colours.applyPaletteGrayscale(gray_of_pixel_.data(), pixels.data(), pixels.size() - 1);
  colours.applyPaletteRGB(palette_.data(), pixels.data(), pixels.size());
  seen_screen_.assign(ale_->getScreen().arraySize(), 0);
  gray_screen_.assign(seen_screen_.size(), gray_of_pixel_[0]);
}

AleEmulator::~AleEmulator() = default;

void AleEmulator::Reload() {
  if (as_new_) return;
  ale_->loadROM(rom_);
  ale_->reset_game();
  as_new_ = true;
}

void AleEmulator::NewGame() {
  as_new_ = false;
  ale_->reset_game();
}

int AleEmulator::Act(int action) {
  as_new_ = false;
  return ale_->act(static_cast<ale::Action>(action));
}

bool AleEmulator::game_over() const {
  return ale_->game_over(/*with_truncation=*/false);
}

bool AleEmulator::truncated() const {
  return ale_->game_truncated();
}

int AleEmulator::lives() const {
  return ale_->lives();
}

std::vector<int> AleEmulator::MinimalActions() const {
  const ale::ActionVect actions = ale_->getMinimalActionSet();
  return std::vector<int>(actions.begin(), actions.end());
}

std::string AleEmulator::ActionName(int action) {
  constexpr std::string_view kPrefix = "PLAYER_A_";
  const std::string name = ale::action_to_string(static_cast<ale::Action>(action));
  assert(name.starts_with(kPrefix));
  return name.substr(kPrefix.size());
}

// Most rows are as they were, and comparing one is quick.
std::span<const uint8_t> AleEmulator::GrayScreen() {
  const uint8_t* pixels = ale_->getScreen().getArray();
  for (size_t begin = 0; begin < seen_screen_.size(); begin += screen_width_) {
    uint8_t* seen = &seen_screen_[begin];
    if (std::memcmp(seen, pixels + begin, screen_width_) == 0) continue;
    std::memcpy(seen, pixels + begin, screen_width_);
    for (int x = 0; x < screen_width_; ++x) gray_screen_[begin + x] = gray_of_pixel_[seen[x]];
  }
  return gray_screen_;
}

void AleEmulator::Render(Image& image) const {
  image.SetIndexed(screen_width_, screen_height_, palette_);
  std::memcpy(image.pixels.data(), ale_->getScreen().getArray(), image.pixels.size());
}

void AleEmulator::SaveState(ByteWriter& writer) const {
  writer.String(ale_->cloneState(/*include_rng=*/true).serialize());
  const ale::ALEScreen& screen = ale_->getScreen();
  writer.Array(std::span<const uint8_t>(screen.getArray(), screen.arraySize()));
}

void AleEmulator::LoadState(ByteReader& reader) {
  // Parts of the console that ALE's state leaves out settle with the first frame after a start;
  // from there, restoring leads to the same future whatever this emulator did before.
  Reload();
  Act(ale::PLAYER_A_NOOP);
  try {
    ale_->restoreState(ale::ALEState(std::string(reader.String())));
  } catch (const char* message) {  // thrown by ALE's Deserializer
    throw std::runtime_error(std::string("ALE cannot read the saved state: ") + message);
  }
  // ALE only ever writes to its screen, a frame at a time.
  const ale::ALEScreen& screen = ale_->getScreen();
  reader.Array(std::span<uint8_t>(screen.getArray(), screen.arraySize()));
}

}  // namespace dqnd
