#include "client/text_table.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/utf8.h"

namespace assay::client {
namespace {

struct Block {
  char32_t first;
  char32_t last;
};

// Source: Unicode's EastAsianWidth.txt (W and F) and its categories Mn and Me, merged to blocks.
constexpr Block kWide[] = {
    {0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0xA4CF},  {0xA960, 0xA97F}, {0xAC00, 0xD7A3},
    {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},  {0xFFE0, 0xFFE6}, {0x1F300, 0x1F64F},
    {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};
constexpr Block kZero[] = {{0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x064B, 0x065F},
                           {0x200B, 0x200F}, {0x20D0, 0x20F0}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}};

template <size_t n>
bool IsIn(const Block (&blocks)[n], char32_t rune) {
  return std::any_of(std::begin(blocks), std::end(blocks), [rune](const Block& block) {
    return rune >= block.first && rune <= block.last;
  });
}

std::string Pad(const std::string& text, int width, TextTable::Align align) {
  const std::string spaces(std::max(0, width - DisplayWidth(text)), ' ');
  return align == TextTable::Align::kLeft ? text + spaces : spaces + text;
}

}  // namespace

int DisplayWidth(absl::string_view text) {
  int width = 0;
  while (!text.empty()) {
    const DecodedRune decoded = DecodeUtf8(text);
    if (decoded.bytes == 0) {
      width += 1;
    } else if (!IsIn(kZero, decoded.rune)) {
      width += IsIn(kWide, decoded.rune) ? 2 : 1;
    }
    text.remove_prefix(std::max(1, decoded.bytes));
  }
  return width;
}

TextTable::TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}

void TextTable::AddRow(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  rows_.push_back(std::move(cells));
}

void TextTable::AddRule() { rows_.emplace_back(); }

std::string TextTable::Render() const {
  std::vector<int> widths;
  int total = 0;
  for (size_t c = 0; c < columns_.size(); ++c) {
    int width = DisplayWidth(columns_[c].header);
    for (const std::vector<std::string>& row : rows_) {
      if (!row.empty()) width = std::max(width, DisplayWidth(row[c]));
    }
    widths.push_back(width);
    total += width + (c == 0 ? 0 : 2);
  }
  const std::string rule = std::string(total, '-') + "\n";

  std::string text;
  const auto append = [&](const auto& cell_of) {
    std::string line;
    for (size_t c = 0; c < columns_.size(); ++c) {
      absl::StrAppend(&line, c == 0 ? "" : "  ", Pad(cell_of(c), widths[c], columns_[c].align));
    }
    absl::StrAppend(&text, absl::StripTrailingAsciiWhitespace(line), "\n");
  };
  append([&](size_t c) { return columns_[c].header; });
  text += rule;
  for (const std::vector<std::string>& row : rows_) {
    if (row.empty()) {
      text += rule;
    } else {
      append([&](size_t c) { return row[c]; });
    }
  }
  return text;
}

}  // namespace assay::client
