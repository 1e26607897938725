#pragma once

#include <SDL.h>
#include <imgui.h>

#include <cstdint>
#include <span>

namespace dqnd {

// A picture on the graphics card, as large as it was last asked to be. Move-only value; the
// renderer must outlive it. A size that the card does not take leaves it empty.
class Texture {
 public:
  enum class Kind {
    kSharp,   // from memory; enlarged pixel by pixel
    kSmooth,  // from memory; enlarged smoothly
    kTarget,  // drawn to; enlarged smoothly
  };

  Texture(SDL_Renderer* renderer, Kind kind) : renderer_(renderer), kind_(kind) {}
  Texture(const Texture&) = delete;
  Texture& operator=(const Texture&) = delete;
  ~Texture();

  // [height, width, 4] red, green, blue, alpha.
  void SetPixels(int width, int height, std::span<const uint8_t> rgba);
  // Makes it so large; what was in it is lost when the size changes.
  bool Resize(int width, int height);

  bool empty() const { return texture_ == nullptr; }
  int width() const { return width_; }
  int height() const { return height_; }
  SDL_Texture* get() const { return texture_; }
  ImTextureID id() const { return reinterpret_cast<ImTextureID>(texture_); }

 private:
  SDL_Renderer* const renderer_;
  const Kind kind_;
  SDL_Texture* texture_ = nullptr;
  int width_ = 0;
  int height_ = 0;
};

}  // namespace dqnd
