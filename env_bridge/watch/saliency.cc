#include "env_bridge/watch/saliency.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace dqnd {
namespace {

constexpr int kLargestWithoutBlur = 32;  // rows
constexpr int kMostPlaces = 17;          // per side of a picture
constexpr int kPlacesAtOnce = 16;

// Of Greydanus et al., in pixels of an 84 x 84 picture.
constexpr double kMaskDeviation = 5;
constexpr double kBlurDeviation = 3;

// One axis of a Gaussian blur over a picture [height, width, channels].
class Blur {
 public:
  explicit Blur(double deviation) {
    const int reach = static_cast<int>(std::ceil(3 * deviation));
    double sum = 0;
    for (int offset = -reach; offset <= reach; ++offset) {
      weights_.push_back(std::exp(-0.5 * offset * offset / (deviation * deviation)));
      sum += weights_.back();
    }
    for (double& weight : weights_) weight /= sum;
  }

  // Blurs `count` elements that lie `stride` apart; beyond the ends the last element goes on.
  void Line(const float* from, float* to, int count, ptrdiff_t stride) const {
    const int reach = static_cast<int>(weights_.size() / 2);
    for (int i = 0; i < count; ++i) {
      double sum = 0;
      for (int offset = -reach; offset <= reach; ++offset) {
        sum += weights_[offset + reach] * from[std::clamp(i + offset, 0, count - 1) * stride];
      }
      to[i * stride] = static_cast<float>(sum);
    }
  }

 private:
  std::vector<double> weights_;
};

std::vector<uint8_t> Blurred(std::span<const uint8_t> picture, const ObservationSpec& spec,
                             double deviation) {
  const Blur blur(deviation);
  std::vector<float> original(picture.begin(), picture.end());
  std::vector<float> rows(original.size());
  const int row_elements = spec.width * spec.channels;
  for (int row = 0; row < spec.height; ++row) {
    for (int channel = 0; channel < spec.channels; ++channel) {
      const int first = row * row_elements + channel;
      blur.Line(&original[first], &rows[first], spec.width, spec.channels);
    }
  }
  for (int element = 0; element < row_elements; ++element) {
    blur.Line(&rows[element], &original[element], spec.height, row_elements);
  }
  std::vector<uint8_t> blurred(original.size());
  std::ranges::transform(original, blurred.begin(),
                         [](float value) { return static_cast<uint8_t>(std::lround(value)); });
  return blurred;
}

// What hides the places of one state.
class Hider {
 public:
  Hider(const ObservationSpec& spec, std::span<const uint8_t> state) : spec_(spec), state_(state) {
    if (spec.height > kLargestWithoutBlur && spec.type == ElementType::kUint8) {
      const double scale = spec.height / 84.0;
      mask_deviation_ = kMaskDeviation * scale;
      height_ = std::min(spec.height, kMostPlaces);
      width_ = std::min(spec.width, kMostPlaces);
      for (int frame = 0; frame < spec.stack; ++frame) {
        const auto picture = state.subspan(static_cast<size_t>(frame) * spec.bytes(), spec.bytes());
        const std::vector<uint8_t> blurred = Blurred(picture, spec, kBlurDeviation * scale);
        blurred_.insert(blurred_.end(), blurred.begin(), blurred.end());
      }
    } else if (spec.height == 1 && spec.width == 1) {
      height_ = 1;
      width_ = spec.channels;
    } else {
      height_ = spec.height;
      width_ = spec.width;
    }
  }

  int height() const { return height_; }
  int width() const { return width_; }

  // Writes the state without a place of the map.
  void Hide(int row, int column, std::span<uint8_t> out) const {
    std::ranges::copy(state_, out.begin());
    if (blurred_.empty()) {
      HideByZeros(row * width_ + column, out);
    } else {
      HideByBlur((row + 0.5) * spec_.height / height_, (column + 0.5) * spec_.width / width_, out);
    }
  }

 private:
  void HideByZeros(int place, std::span<uint8_t> out) const {
    const size_t places = static_cast<size_t>(height_) * width_;
    const size_t place_bytes = static_cast<size_t>(spec_.bytes()) / places;
    for (int frame = 0; frame < spec_.stack; ++frame) {
      std::ranges::fill(
          out.subspan(static_cast<size_t>(frame) * spec_.bytes() + place * place_bytes,
                      place_bytes),
          uint8_t{0});
    }
  }

  void HideByBlur(double centre_row, double centre_column, std::span<uint8_t> out) const {
    const double reach = 3 * mask_deviation_;
    const auto first = [&](double centre) { return std::max(0, static_cast<int>(centre - reach)); };
    const auto end = [&](double centre, int size) {
      return std::min(size, static_cast<int>(centre + reach) + 1);
    };
    for (int row = first(centre_row); row < end(centre_row, spec_.height); ++row) {
      for (int column = first(centre_column); column < end(centre_column, spec_.width); ++column) {
        const double down = row + 0.5 - centre_row, right = column + 0.5 - centre_column;
        const double mask =
            std::exp(-0.5 * (down * down + right * right) / (mask_deviation_ * mask_deviation_));
        BlendPixel((row * spec_.width + column) * spec_.channels, mask, out);
      }
    }
  }

  void BlendPixel(int first_element, double mask, std::span<uint8_t> out) const {
    for (int frame = 0; frame < spec_.stack; ++frame) {
      for (int channel = 0; channel < spec_.channels; ++channel) {
        const size_t i = static_cast<size_t>(frame) * spec_.bytes() + first_element + channel;
        out[i] = static_cast<uint8_t>(std::lround(mask * blurred_[i] + (1 - mask) * state_[i]));
      }
    }
  }

  const ObservationSpec& spec_;
  std::span<const uint8_t> state_;
  int height_ = 0;
  int width_ = 0;
  double mask_deviation_ = 0;
  std::vector<uint8_t> blurred_;  // [stack, observation bytes]; empty: places are hidden by zeros
};

}  // namespace

Saliency ComputeSaliency(Policy& policy, const ObservationSpec& observation,
                         std::span<const uint8_t> state, int action) {
  assert(state.size() == static_cast<size_t>(observation.stack) * observation.bytes());
  const Hider hider(observation, state);
  Saliency map{.height = hider.height(), .width = hider.width(), .changes = {}};
  const float value = policy.ActionValues(state)[action];

  const int places = map.height * map.width;
  std::vector<uint8_t> batch;
  for (int begin = 0; begin < places; begin += kPlacesAtOnce) {
    const int count = std::min(kPlacesAtOnce, places - begin);
    batch.resize(count * state.size());
    for (int i = 0; i < count; ++i) {
      const int place = begin + i;
      hider.Hide(place / map.width, place % map.width,
                 std::span(batch).subspan(i * state.size(), state.size()));
    }
    const std::span<const float> values = policy.ActionValues(batch);
    const size_t num_actions = values.size() / count;
    for (int i = 0; i < count; ++i) {
      map.changes.push_back(std::abs(value - values[i * num_actions + action]));
    }
  }
  return map;
}

}  // namespace dqnd
