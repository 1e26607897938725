#pragma once

#include <cstdint>
#include <span>

namespace dqnd {

// A second home of the frames that a replay memory stores, where batches are put together that the
// memory then samples by frame numbers alone: the memory of a GPU.
class FrameCopy {
 public:
  virtual ~FrameCopy() = default;

  // How many consecutive frames it holds at once: the memory drops its oldest segments rather than
  // ask for one that lies further back.
  virtual int64_t capacity() const = 0;

  // Frame `number` of the memory. Numbers count up by one from that of its oldest frame; after a
  // memory was restored they begin anew.
  virtual void Put(int64_t number, std::span<const uint8_t> frame) = 0;
};

}  // namespace dqnd
