// client/text_table.h
// A table in plain text: aligned columns, two spaces between them. Decides nothing about what is in
// it.
#ifndef ASSAY_CLIENT_TEXT_TABLE_H_
#define ASSAY_CLIENT_TEXT_TABLE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace assay::client {

// Columns that a terminal gives to `text`: one for a code point, two for East Asian wide ones and
// emoji, none for combining marks. Approximate, by blocks; a byte that is not UTF-8 takes one.
int DisplayWidth(absl::string_view text);

// Not thread-safe.
class TextTable {
 public:
  enum class Align { kLeft, kRight };
  struct Column {
    std::string header;
    Align align = Align::kRight;
  };

  explicit TextTable(std::vector<Column> columns);

  // Missing cells at the end are empty; there must not be more cells than columns.
  void AddRow(std::vector<std::string> cells);
  // A line between the rows before and after.
  void AddRule();

  // Header, rule, rows; each line ends with a line feed and has no spaces before it.
  std::string Render() const;

 private:
  const std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;  // An empty one is a rule.
};

}  // namespace assay::client

#endif  // ASSAY_CLIENT_TEXT_TABLE_H_
