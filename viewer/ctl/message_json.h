#pragma once

#include <google/protobuf/message.h>

#include <nlohmann/json.hpp>

namespace dqnd {

// A message of the contract as programs like it: fields under their names and in their order,
// 64-bit numbers as numbers, enums as their short names ("training" for RUN_PHASE_TRAINING), NaN
// and infinities as null. Fields that can be absent and are, and bytes, are left out.
nlohmann::ordered_json ToJson(const google::protobuf::Message& message);

}  // namespace dqnd
