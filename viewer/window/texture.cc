#include "viewer/window/texture.h"

namespace dqnd {

Texture::~Texture() {
  SDL_DestroyTexture(texture_);
}

bool Texture::Resize(int width, int height) {
  if (texture_ != nullptr && width == width_ && height == height_) return true;
  SDL_DestroyTexture(texture_);
  const int access =
      kind_ == Kind::kTarget ? SDL_TEXTUREACCESS_TARGET : SDL_TEXTUREACCESS_STREAMING;
  texture_ = SDL_CreateTexture(renderer_, SDL_PIXELFORMAT_RGBA32, access, width, height);
  width_ = width;
  height_ = height;
  if (texture_ == nullptr) return false;
  SDL_SetTextureScaleMode(texture_,
                          kind_ == Kind::kSharp ? SDL_ScaleModeNearest : SDL_ScaleModeLinear);
  SDL_SetTextureBlendMode(texture_,
                          kind_ == Kind::kTarget ? SDL_BLENDMODE_NONE : SDL_BLENDMODE_BLEND);
  return true;
}

void Texture::SetPixels(int width, int height, std::span<const uint8_t> rgba) {
  if (Resize(width, height)) SDL_UpdateTexture(texture_, nullptr, rgba.data(), width * 4);
}

}  // namespace dqnd
