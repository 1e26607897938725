#pragma once

#include <string>
#include <vector>

#include "trainer/config/keys.h"

namespace dqnd {

// One sentence for somebody who wrote a section that does not exist: what it was probably meant to
// be. Knows later versions' sections, keys that belong in a section, and other libraries' names.
std::string AnswerUnknownSection(const std::vector<KeySection>& table, const std::string& section);

// The same for a key that the section `section` does not have. REQUIRES: `table` has the section.
std::string AnswerUnknownKey(const std::vector<KeySection>& table, const std::string& section,
                             const std::string& name);

}  // namespace dqnd
