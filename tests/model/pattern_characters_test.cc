#include "model/pattern_characters.h"

#include <string>
#include <vector>

#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using testing::StatusIs;

absl::StatusOr<PatternCharacters> Read(absl::string_view ascii, bool fold = false) {
  const std::vector<char32_t> pattern(ascii.begin(), ascii.end());
  PatternCursor cursor(pattern);
  return ReadCharacters(ByteAlphabet::Create({}).value(), fold, &cursor);
}

ByteSet SetOf(absl::string_view bytes) {
  ByteSet set;
  for (const char c : bytes) set.set(static_cast<uint8_t>(c));
  return set;
}

TEST(PatternCharactersTest, ALiteralIsItsOwnByte) {
  EXPECT_EQ(Read("ab").value().set, SetOf("a"));
  EXPECT_EQ(Read("ab").value().literal, U'a');
  EXPECT_EQ(Read("\\n").value().set, SetOf("\n"));
  EXPECT_EQ(Read("\\]").value().set, SetOf("]"));
}

TEST(PatternCharactersTest, AClassIsTheUnionOfItsItems) {
  EXPECT_EQ(Read("[a-cx\\-]").value().set, SetOf("abcx-"));
  EXPECT_EQ(Read("[^a]").value().set, ~SetOf("a"));
  EXPECT_EQ(Read("[\\s\\S]").value().set.count(), 256);
  EXPECT_FALSE(Read("[a]").value().is_literal);
}

TEST(PatternCharactersTest, WithFoldingBothCasesAreThere) {
  EXPECT_EQ(Read("a", true).value().set, SetOf("aA"));
  EXPECT_EQ(Read("[a-c]", true).value().set, SetOf("abcABC"));
  EXPECT_EQ(Read("[^a]", true).value().set, ~SetOf("aA"));
}

TEST(PatternCharactersTest, TheCursorStopsBehindWhatWasRead) {
  const std::vector<char32_t> pattern = {'[', 'a', ']', '\\', 's', 'b'};
  PatternCursor cursor(pattern);
  const ByteAlphabet alphabet = ByteAlphabet::Create({}).value();
  ASSERT_OK(ReadCharacters(alphabet, false, &cursor));
  EXPECT_EQ(cursor.Peek(), U'\\');
  ASSERT_OK(ReadCharacters(alphabet, false, &cursor));
  EXPECT_TRUE(cursor.Accept("b"));
  EXPECT_TRUE(cursor.AtEnd());
  EXPECT_EQ(cursor.Peek(), 0);
  EXPECT_FALSE(cursor.Accept("c"));
}

TEST(PatternCharactersTest, UnfinishedOrUnknownCharactersAreUnimplemented) {
  for (const char* pattern :
       {"[", "[a", "[a-", "[\\", "\\", "\\w", "\\p", "\\p{", "\\p{L", "*", "]"}) {
    EXPECT_THAT(Read(pattern), StatusIs(absl::StatusCode::kUnimplemented)) << pattern;
  }
}

}  // namespace
}  // namespace assay
