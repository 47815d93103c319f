#include "model/byte_alphabet.h"

#include <set>
#include <string>
#include <vector>

#include "base/utf8.h"
#include "model/unicode.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using testing::StatusIs;

TEST(ByteAlphabetTest, AsciiIsItselfAndOtherCharactersAreNot) {
  const ByteAlphabet alphabet = ByteAlphabet::Create({}).value();
  for (char32_t rune = 0; rune < 0x80; ++rune) EXPECT_EQ(alphabet.ByteOf(rune), rune);
  for (char32_t rune = 0x80; rune <= 0x10FFFF; ++rune) ASSERT_GE(alphabet.ByteOf(rune), 0x80);
}

TEST(ByteAlphabetTest, CharactersThatShareAByteShareCategoryAndWhiteSpace) {
  const ByteAlphabet alphabet = ByteAlphabet::Create({U'中', U'é', U'é', U'x'}).value();
  std::vector<std::set<std::pair<GeneralCategory, bool>>> seen(256);
  for (char32_t rune = 0; rune <= 0x10FFFF; ++rune) {
    seen[alphabet.ByteOf(rune)].insert({CategoryOf(rune), IsWhiteSpace(rune)});
  }
  for (int byte = 0; byte < 256; ++byte) EXPECT_LE(seen[byte].size(), 1) << byte;
}

TEST(ByteAlphabetTest, SpecialCharactersHaveBytesOfTheirOwn) {
  const ByteAlphabet alphabet = ByteAlphabet::Create({U'中'}).value();
  for (const char32_t special : {U'中', U'\u0085', U'\u017F', U'\u212A'}) {
    for (char32_t rune = 0; rune <= 0x10FFFF; ++rune) {
      ASSERT_EQ(alphabet.ByteOf(rune) == alphabet.ByteOf(special), rune == special);
    }
  }
}

TEST(ByteAlphabetTest, CategoriesAndWhiteSpaceHoldExactlyTheirCharacters) {
  const ByteAlphabet alphabet = ByteAlphabet::Create({U'中'}).value();
  const ByteSet letters = alphabet.Category("L");
  const ByteSet upper = alphabet.Category("Lu");
  const ByteSet space = alphabet.WhiteSpace();
  for (char32_t rune = 0; rune <= 0x10FFFF; ++rune) {
    const GeneralCategory category = CategoryOf(rune);
    const uint8_t byte = alphabet.ByteOf(rune);
    ASSERT_EQ(letters[byte], category >= GeneralCategory::kLl && category <= GeneralCategory::kLu);
    ASSERT_EQ(upper[byte], category == GeneralCategory::kLu);
    ASSERT_EQ(space[byte], IsWhiteSpace(rune));
  }
  for (const char* name : {"", "X", "Lx", "Letter", "l"}) {
    EXPECT_TRUE(alphabet.Category(name).none()) << name;
  }
}

TEST(ByteAlphabetTest, CaseVariantsOfSAndKReachBeyondAscii) {
  const ByteAlphabet alphabet = ByteAlphabet::Create({}).value();
  ByteSet set;
  set.set('s');
  set.set('K');
  set.set('1');
  alphabet.AddCaseVariants(&set);
  ByteSet expected;
  for (const char32_t rune : {U's', U'S', U'\u017F', U'k', U'K', U'\u212A', U'1'}) {
    expected.set(alphabet.ByteOf(rune));
  }
  EXPECT_EQ(set, expected);
}

TEST(ByteAlphabetTest, ATextBecomesOneByteACharacter) {
  const ByteAlphabet alphabet = ByteAlphabet::Create({}).value();
  std::string bytes = "<";
  alphabet.AppendBytes("aé中\U0001F600", &bytes);
  ASSERT_EQ(bytes.size(), 5);
  EXPECT_EQ(bytes.substr(0, 2), "<a");
  EXPECT_EQ(static_cast<uint8_t>(bytes[2]), alphabet.ByteOf(U'é'));
  EXPECT_EQ(static_cast<uint8_t>(bytes[4]), alphabet.ByteOf(U'\U0001F600'));
}

TEST(ByteAlphabetTest, MoreSpecialCharactersThanBytesAreUnimplemented) {
  std::vector<char32_t> literals;
  for (int i = 0; i < 95; ++i) literals.push_back(0x4E00 + i);
  EXPECT_OK(ByteAlphabet::Create(literals));
  literals.push_back(0x5000);
  EXPECT_THAT(ByteAlphabet::Create(literals), StatusIs(absl::StatusCode::kUnimplemented));
}

}  // namespace
}  // namespace assay
