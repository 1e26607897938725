#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "dqnd/v1/environment.pb.h"
#include "dqnd/v1/moment.pb.h"
#include "viewer/client/picture_decoder.h"

namespace dqnd {

// The state that a network acts on, unpacked.
struct DecodedInput {
  v1::ObservationSpec observation;
  // [stack, height, width, channels]: uint8 elements as they are; float32 elements little-endian, 4
  // bytes each.
  std::vector<uint8_t> elements;
};

// A moment with everything unpacked. What the moment did not have is absent.
struct DecodedMoment {
  std::shared_ptr<const RgbaPicture> picture;
  std::optional<v1::Step> step;
  std::shared_ptr<const DecodedInput> network_input;
  std::shared_ptr<const v1::SaliencyMap> saliency;  // checked: height * width bytes
  int64_t unix_nanoseconds = 0;                     // by the daemon's clock
};

// The moments of one stream. As sceptical as PictureDecoder, and like it fed with every moment.
// Owned and called by one thread.
class MomentDecoder {
 public:
  // Throws DamagedPicture.
  DecodedMoment Decode(const v1::Moment& moment);

  // The pixels behind the newest picture, as PictureDecoder has them.
  const PictureDecoder& pictures() const { return pictures_; }

 private:
  PictureDecoder pictures_;
};

// Is given every moment of a stream as it came, and the decoder that has just decoded it.
using MomentSink = std::function<void(const v1::Moment& moment, const PictureDecoder& pictures)>;

// `newer` shown instead of `older`: what only the older one has and still holds (the last input,
// the last map) goes on being shown; its step counts as one of those that are not shown.
void Supersede(std::optional<DecodedMoment>& older, DecodedMoment newer,
               v1::StepSummary& not_shown);

// Adds `more` to `summary`; counts that no stream could have are passed over.
void Add(const v1::StepSummary& more, v1::StepSummary& summary);

}  // namespace dqnd
