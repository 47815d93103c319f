#include "model/byte_spelling.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "base/utf8.h"

namespace assay {
namespace {

std::string BytesOf(absl::string_view token) {
  std::string bytes;
  EXPECT_TRUE(SpellInBytes(token, &bytes)) << token;
  return bytes;
}

TEST(ByteSpellingTest, PrintableCharactersStandForThemselvesAndTheOthersForWhatIsLeft) {
  EXPECT_EQ(BytesOf("a!~"), "a!~");
  EXPECT_EQ(BytesOf("¡ÿ"), "\xA1\xFF");
  EXPECT_EQ(BytesOf("ĠĊ"), " \n");
  EXPECT_EQ(BytesOf("ä¸Ń"), "中");
  EXPECT_EQ(BytesOf(""), "");
}

TEST(ByteSpellingTest, EveryByteHasOneCharacter) {
  std::set<std::string> found;
  int characters = 0;
  for (char32_t rune = 0; rune < 0x3000; ++rune) {
    std::string token, bytes;
    AppendUtf8(rune, &token);
    if (!SpellInBytes(token, &bytes)) continue;
    EXPECT_EQ(bytes.size(), 1);
    found.insert(bytes);
    ++characters;
  }
  EXPECT_EQ(found.size(), 256);
  EXPECT_EQ(characters, 256);
}

TEST(ByteSpellingTest, OtherCharactersStandForNoByte) {
  std::string bytes;
  for (const char* token : {" ", "a ", "\n", "中", "\u00AD", "\u0144", "a\xFF"}) {
    EXPECT_FALSE(SpellInBytes(token, &bytes)) << token;
  }
}

}  // namespace
}  // namespace assay
