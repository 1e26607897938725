#include "tests/trainer/device/recording_graph.h"

#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/core/GraphImplInterface.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/core/GradMode.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/library.h>

namespace dqnd {
namespace {

constexpr auto kKey = c10::DispatchKey::TESTING_ONLY_GenericMode;

size_t recordings = 0, replays = 0;

using Values = std::vector<c10::IValue>;

Values Last(const torch::jit::Stack& stack, size_t count) {
  return {stack.end() - static_cast<ptrdiff_t>(count), stack.end()};
}

std::vector<at::Tensor> TensorsOf(const Values& values) {
  std::vector<at::Tensor> tensors;
  for (const c10::IValue& value : values) {
    if (value.isTensor()) tensors.push_back(value.toTensor());
    if (value.isTensorList()) {
      for (const at::Tensor& each : value.toTensorVector()) tensors.push_back(each);
    }
  }
  return tensors;
}

class RecordingGraph final : public at::GraphImplInterface {
 public:
  void capture_begin(at::MempoolId_t, at::GraphCaptureMode) override {
    ++recordings;
    under_way_ = this;
    include_ = std::make_unique<c10::impl::IncludeDispatchKeyGuard>(kKey);
  }

  void capture_end() override {
    include_.reset();
    under_way_ = nullptr;
    for (const auto& [memory, bytes] : before_) std::memcpy(memory, bytes.data(), bytes.size());
  }

  void replay() override {
    ++replays;
    const c10::NoGradGuard no_grad;
    for (const Call& call : calls_) {
      torch::jit::Stack stack = call.arguments;
      call.operation.callBoxed(stack);
      const std::vector<at::Tensor> now = TensorsOf(stack), then = TensorsOf(call.results);
      for (size_t i = 0; i < now.size(); ++i) {
        // A gradient that nobody wants is none.
        if (now[i].defined() && !now[i].is_alias_of(then[i])) then[i].detach().copy_(now[i]);
      }
    }
  }

  void instantiate() override {}
  void reset() override {}
  at::MempoolId_t pool() const override { return {}; }
  void enable_debug_mode() override {}
  void debug_dump(const std::string&) override {}

  // Instead of every operation while a recording is under way.
  static void Record(const c10::OperatorHandle& operation, torch::jit::Stack* stack) {
    const c10::impl::ExcludeDispatchKeyGuard beneath(kKey);
    Call call{operation, Last(*stack, operation.schema().arguments().size()), {}};
    for (size_t i = 0; i < call.arguments.size(); ++i) {
      const c10::AliasInfo* alias = operation.schema().arguments()[i].alias_info();
      if (alias == nullptr || !alias->isWrite()) continue;
      for (const at::Tensor& written : TensorsOf({call.arguments[i]})) under_way_->Keep(written);
    }
    operation.callBoxed(stack);
    call.results = Last(*stack, operation.schema().returns().size());
    under_way_->calls_.push_back(std::move(call));
  }

 private:
  struct Call {
    c10::OperatorHandle operation;
    Values arguments, results;
  };

  // What is about to be written, as it was before the recording.
  void Keep(const at::Tensor& tensor) {
    const c10::Storage& storage = tensor.storage();
    auto* memory = static_cast<char*>(storage.mutable_data());
    if (memory != nullptr) before_.try_emplace(memory, std::string(memory, storage.nbytes()));
  }

  static inline RecordingGraph* under_way_ = nullptr;
  std::unique_ptr<c10::impl::IncludeDispatchKeyGuard> include_;
  std::map<char*, std::string> before_;
  std::vector<Call> calls_;
};

bool is_wanted = false;

// For the whole program; a registry cannot forget.
const bool is_registered = [] {
  at::GraphImplRegistry()->Register(
      c10::DeviceTypeName(c10::kCPU),
      [](const at::GraphImplArgs&) -> std::unique_ptr<at::GraphImplInterface> {
        if (!is_wanted) return nullptr;
        return std::make_unique<RecordingGraph>();
      });
  return true;
}();

TORCH_LIBRARY_IMPL(_, TESTING_ONLY_GenericMode, library) {
  library.fallback(torch::CppFunction::makeFromBoxedFunction<&RecordingGraph::Record>());
}

}  // namespace

ProcessorsRecord::ProcessorsRecord() {
  is_wanted = is_registered;
  dqnd::recordings = dqnd::replays = 0;
}

ProcessorsRecord::~ProcessorsRecord() {
  is_wanted = false;
}

size_t ProcessorsRecord::recordings() const {
  return dqnd::recordings;
}

size_t ProcessorsRecord::replays() const {
  return dqnd::replays;
}

}  // namespace dqnd
