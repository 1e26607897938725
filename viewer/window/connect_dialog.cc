#include "viewer/window/connect_dialog.h"

#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>

#include "viewer/window/widgets.h"

namespace dqnd {
namespace {

constexpr size_t kFieldBytes = 1024;

// A text field over a std::string.
bool Field(const char* id, const char* hint, std::string& text, ImGuiInputTextFlags flags) {
  text.resize(kFieldBytes);
  const bool entered = ImGui::InputTextWithHint(id, hint, text.data(), kFieldBytes, flags);
  text.resize(std::char_traits<char>::length(text.c_str()));
  return entered;
}

// In groups of four digits that stand below each other, so that a person can compare them.
void DrawFingerprint(const Theme& theme, const std::string& fingerprint) {
  constexpr size_t kGroup = 4;
  constexpr size_t kGroupsInLine = 8;
  const float left = ImGui::GetCursorPosX();
  for (size_t i = 0; i * kGroup < fingerprint.size(); ++i) {
    const size_t column = i % kGroupsInLine;
    if (column > 0) {
      ImGui::SameLine();
      ImGui::SetCursorPosX(left + theme.Px(56) * static_cast<float>(column));
    }
    Text(theme, fingerprint.substr(i * kGroup, kGroup), Theme::kNormal + 1, true);
  }
}

}  // namespace

void ConnectDialog::Open(const Destination& destination,
                         const std::optional<ConnectionError>& error) {
  named_ = destination.named;
  token_ = destination.token;
  fingerprint_ = destination.fingerprint;
  error_ = error.has_value() ? error->what() : "";
  shown_fingerprint_.clear();
  if (error.has_value() && error->kind() == ConnectionError::Kind::kUnconfirmedCertificate) {
    shown_fingerprint_ = error->fingerprint();
  }
  keep_token_ = false;
  for (const RecentAddress& each : recent_.list()) {
    if (each.named == named_ && !each.token.empty()) keep_token_ = true;
  }
  focus_ = true;
}

Destination ConnectDialog::Typed() const {
  Destination typed = Destination::FromText(named_);
  if (!token_.empty()) typed.token = token_;
  typed.fingerprint = fingerprint_;
  return typed;
}

ConnectDialog::Result ConnectDialog::Draw(const Theme& theme, bool may_cancel) {
  Result result;
  const ImVec2 screen = ImGui::GetIO().DisplaySize;
  const float width = std::min(theme.Px(520), screen.x);
  ImGui::SetCursorPos(ImVec2((screen.x - width) / 2, std::max(0.0f, screen.y * 0.14f)));
  ImGui::BeginChild("dialog", ImVec2(width, 0));
  if (BeginCard(theme, "connect", "", "", width)) {
    ImGui::Dummy(ImVec2(0, theme.Px(4)));
    Text(theme, "Watch an agent", Theme::kLarge, true);
    ColouredText(theme, "The address that the daemon printed, or the directory of a run",
                 theme.colours().muted);
    ImGui::Dummy(ImVec2(0, theme.Px(6)));
    if (shown_fingerprint_.empty()) {
      DrawFields(theme, result);
    } else {
      DrawConfirmation(theme, result);
    }
    if (may_cancel) {
      ImGui::SameLine();
      if (Button(theme, "cancel", Icon::kNone, "Cancel", "")) result.cancelled = true;
    }
    ImGui::Dummy(ImVec2(0, theme.Px(4)));
  }
  EndCard();
  DrawRecent(theme, result);
  ImGui::EndChild();
  return result;
}

void ConnectDialog::DrawFields(const Theme& theme, Result& result) {
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(theme.Px(12), theme.Px(9)));
  ImGui::SetNextItemWidth(-1);
  if (focus_) ImGui::SetKeyboardFocusHere();
  focus_ = false;
  bool entered = Field("##address", "HOST:50051, unix:PATH, dqnd://... or runs/NAME", named_,
                       ImGuiInputTextFlags_EnterReturnsTrue);
  ImGui::SetNextItemWidth(-1);
  entered |= Field("##token", "Token, where the address does not bring one", token_,
                   ImGuiInputTextFlags_EnterReturnsTrue | ImGuiInputTextFlags_Password);
  ImGui::PopStyleVar();
  ImGui::Dummy(ImVec2(0, theme.Px(2)));
  if (Toggle(theme, "keep", "Keep the token on this computer", keep_token_,
             "In a file that only you may read")) {
    keep_token_ = !keep_token_;
  }
  if (!error_.empty()) {
    ImGui::PushTextWrapPos(0);
    ColouredText(theme, error_, theme.colours().danger, Theme::kSmall + 0.5f);
    ImGui::PopTextWrapPos();
  }
  ImGui::Dummy(ImVec2(0, theme.Px(4)));
  const bool clicked =
      Button(theme, "go", Icon::kPlug, "Connect", "", ButtonKind::kPrimary, !named_.empty());
  if ((clicked || entered) && !named_.empty()) result.connect = Typed();
}

void ConnectDialog::DrawConfirmation(const Theme& theme, Result& result) {
  ImGui::PushTextWrapPos(0);
  Text(theme, fmt::format("{} shows a certificate that was not confirmed on this computer before.",
                          named_));
  ColouredText(theme,
               "Compare it with the fingerprint that the daemon printed when it started. Nothing "
               "secret has been sent yet.",
               theme.colours().muted);
  ImGui::PopTextWrapPos();
  ImGui::Dummy(ImVec2(0, theme.Px(2)));
  ColouredText(theme, "sha256", theme.colours().muted, Theme::kSmall);
  DrawFingerprint(theme, shown_fingerprint_);
  ImGui::Dummy(ImVec2(0, theme.Px(6)));
  if (Button(theme, "confirm", Icon::kNone, "It is the same: connect", "", ButtonKind::kPrimary)) {
    fingerprint_ = shown_fingerprint_;
    result.connect = Typed();
  }
  ImGui::SameLine();
  if (Button(theme, "other", Icon::kNone, "Another address", "")) {
    shown_fingerprint_.clear();
    error_.clear();
    focus_ = true;
  }
}

void ConnectDialog::DrawRecent(const Theme& theme, Result& result) {
  if (recent_.list().empty()) return;
  ImGui::Dummy(ImVec2(0, theme.Px(10)));
  ImGui::Indent(theme.Px(14));
  ColouredText(theme, "Recent", theme.colours().muted, Theme::kSmall, true);
  ImGui::Unindent(theme.Px(14));
  std::string removed;
  const float full = ImGui::GetContentRegionAvail().x;
  for (const RecentAddress& each : recent_.list()) {
    ImGui::PushID(each.named.c_str());
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float height = theme.Px(34);
    const bool clicked = ImGui::InvisibleButton("recent", ImVec2(full - theme.Px(40), height));
    ImDrawList& list = *ImGui::GetWindowDrawList();
    if (ImGui::IsItemHovered()) {
      list.AddRectFilled(at, ImVec2(at.x + full, at.y + height), theme.colours().hovered,
                         theme.Px(8));
    }
    list.AddText(theme.regular(), theme.Px(Theme::kNormal),
                 ImVec2(at.x + theme.Px(14), at.y + theme.Px(8)), theme.colours().text,
                 each.named.c_str());
    const float name_width = TextSize(theme, each.named, Theme::kNormal).x;
    list.AddText(theme.regular(), theme.Px(Theme::kSmall),
                 ImVec2(at.x + theme.Px(26) + name_width, at.y + theme.Px(9.5f)),
                 theme.colours().muted, each.run_name.c_str());
    if (clicked) result.connect = Destination{each.named, each.token, each.fingerprint};
    ImGui::SameLine(full - theme.Px(34));
    if (Button(theme, "forget", Icon::kNone, "x", "Forget this address")) removed = each.named;
    ImGui::PopID();
  }
  if (!removed.empty()) recent_.Remove(removed);
}

}  // namespace dqnd
