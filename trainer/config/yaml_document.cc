#include "trainer/config/yaml_document.h"

#include <yaml-cpp/eventhandler.h>

#include <sstream>
#include <vector>

namespace dqnd {
namespace {

// Notes where documents begin, and nothing of what is in them.
class DocumentStarts final : public YAML::EventHandler {
 public:
  const std::vector<YAML::Mark>& marks() const { return marks_; }

  void OnDocumentStart(const YAML::Mark& mark) override { marks_.push_back(mark); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

 private:
  std::vector<YAML::Mark> marks_;
};

}  // namespace

// YAML::LoadAll would do, but in yaml-cpp 0.7 it never returns when a document begins with a comma:
// the parser reports empty documents there for ever. Here it is asked for two at most.
YAML::Node LoadYamlDocument(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  DocumentStarts starts;
  if (parser.HandleNextDocument(starts) && parser.HandleNextDocument(starts)) {
    const YAML::Mark& first = starts.marks()[0];
    const YAML::Mark& second = starts.marks()[1];
    throw YAML::ParserException(second, first.pos == second.pos
                                            ? "nothing can begin here"
                                            : "a second document begins here; a configuration is "
                                              "one document");
  }
  return YAML::Load(text);
}

}  // namespace dqnd
