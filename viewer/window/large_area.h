#pragma once

#include <imgui.h>

namespace dqnd {

// Fills a rounded rectangle of the current window with one opaque colour. Looks as
// ImDrawList::AddRectFilled does, whose triangles have a texture and are blended: without a
// graphics card that takes four times as long for each pixel, and most of a window's pixels are
// surfaces.
void FillLargeArea(ImVec2 begin, ImVec2 end, ImU32 colour, float rounding);

}  // namespace dqnd
