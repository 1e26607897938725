#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "trainer/config/config.h"

namespace dqnd {

// The message with which a configuration is refused; fails the test when it is accepted.
inline std::string Refusal(const std::string& yaml,
                           const std::vector<std::string>& overrides = {}) {
  try {
    ParseConfig(yaml, "run.yaml", overrides);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  ADD_FAILURE() << "accepted:\n" << yaml << "\n" << testing::PrintToString(overrides);
  return {};
}

inline Config Parsed(const std::string& yaml, const std::vector<std::string>& overrides = {}) {
  return ParseConfig(yaml, "run.yaml", overrides);
}

}  // namespace dqnd
