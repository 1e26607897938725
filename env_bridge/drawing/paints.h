#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

namespace dqnd {

struct Rgb {
  uint8_t red = 0;
  uint8_t green = 0;
  uint8_t blue = 0;
};

// The palette of a drawing: its few plain colours, then every mixture of two of them in sixteenths.
// So the edges of a shape are smooth over whatever it is drawn on, and a pixel is still one byte.
// Immutable; any number of threads may use one.
class Paints {
 public:
  static constexpr int kMaxColours = 6;  // which makes 6 + 15 pairs x 15 mixtures = 231
  static constexpr int kFull = 16;       // sixteenths

  // Colour i of `colours` has the number i. REQUIRES: 1 to kMaxColours of them.
  explicit Paints(std::initializer_list<Rgb> colours);

  // [colours and mixtures, 3], as Image has it.
  std::span<const uint8_t> palette() const { return palette_; }

  // What becomes of the pixel `below` when `colour` covers so many sixteenths of it. Of three
  // colours in one pixel the lesser of the two below is left out. The same colour again covers
  // nothing new, which is right where two strokes of a line meet.
  uint8_t Over(uint8_t below, uint8_t colour, int sixteenths) const {
    if (sixteenths == 0) return below;
    if (sixteenths == kFull) return colour;
    return Mixed(below, colour, sixteenths);
  }

 private:
  struct Mixture {
    uint8_t first, second;  // equal in a plain colour
    int of_second;          // sixteenths; the rest is of the first
  };

  uint8_t Mixed(uint8_t below, uint8_t colour, int sixteenths) const;
  uint8_t Number(uint8_t under, uint8_t over, int of_over) const;
  void Add(const Mixture& mixture, std::span<const Rgb> colours);

  int num_colours_;
  std::vector<Mixture> mixtures_;  // by their number in the palette
  std::vector<uint8_t> palette_;
};

}  // namespace dqnd
