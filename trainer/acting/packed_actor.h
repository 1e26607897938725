#pragma once

#include <optional>
#include <vector>

#include "trainer/acting/actor.h"
#include "trainer/export/packed_file.h"

namespace dqnd {

// Acts as a device with the exported network would: on the packed runtime, bit for bit.
class PackedActor : public Actor {
 public:
  PackedActor(const QNetwork& network, const NetworkSection& options,
              const ObservationSpec& observation);

  std::span<const float> ActionValues(std::span<const uint8_t> states) override;
  void ParametersChanged() override { is_stale_ = true; }

 private:
  void Pack();

  const QNetwork& network_;
  const NetworkSection options_;
  const ObservationSpec observation_;
  bool is_stale_ = false;
  std::optional<PackedFile> packed_;
  std::vector<uint64_t> observed_;  // one observation, at an address that suits any type
  std::vector<int32_t> integers_;
  std::vector<float> values_;
};

}  // namespace dqnd
