#include "env_bridge/drawing/paints.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace dqnd {

Paints::Paints(std::initializer_list<Rgb> colours)
    : num_colours_(static_cast<int>(colours.size())) {
  assert(num_colours_ >= 1 && num_colours_ <= kMaxColours);
  const std::span<const Rgb> all(colours.begin(), colours.size());
  const auto count = static_cast<uint8_t>(num_colours_);
  for (uint8_t i = 0; i < count; ++i) Add({i, i, 0}, all);
  for (uint8_t second = 1; second < count; ++second) {
    for (uint8_t first = 0; first < second; ++first) {
      for (int of_second = 1; of_second < kFull; ++of_second) Add({first, second, of_second}, all);
    }
  }
}

void Paints::Add(const Mixture& mixture, std::span<const Rgb> colours) {
  const Rgb &first = colours[mixture.first], &second = colours[mixture.second];
  const auto mix = [&](int a, int b) {
    const int sum = a * (kFull - mixture.of_second) + b * mixture.of_second;
    return static_cast<uint8_t>((sum + kFull / 2) / kFull);
  };
  mixtures_.push_back(mixture);
  palette_.push_back(mix(first.red, second.red));
  palette_.push_back(mix(first.green, second.green));
  palette_.push_back(mix(first.blue, second.blue));
}

uint8_t Paints::Mixed(uint8_t below, uint8_t colour, int sixteenths) const {
  const auto [first, second, of_second] = mixtures_[below];
  if (first == colour) return Number(second, colour, std::max(kFull - of_second, sixteenths));
  if (second == colour) return Number(first, colour, std::max(of_second, sixteenths));
  return Number(of_second > kFull / 2 ? second : first, colour, sixteenths);
}

// The number of a mixture, in the order in which the constructor adds them.
uint8_t Paints::Number(uint8_t under, uint8_t over, int of_over) const {
  if (of_over == kFull) return over;
  if (under > over) {
    std::swap(under, over);
    of_over = kFull - of_over;
  }
  const int pair = over * (over - 1) / 2 + under;
  return static_cast<uint8_t>(num_colours_ + pair * (kFull - 1) + of_over - 1);
}

}  // namespace dqnd
