#include "client/stream_output.h"

#include <fstream>
#include <sstream>

#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::StatusIs;

TEST(StreamOutputTest, RowsAreLinesOfTheStream) {
  std::ostringstream out;
  StreamOutput output(&out);
  output.Append("a", {.rows = 1});
  output.Append("", {.rows = 1});
  output.Flush();
  EXPECT_EQ(out.str(), "a\n\n");
  EXPECT_OK(output.status());
}

TEST(StreamOutputTest, AStreamThatTakesNothingIsAnError) {
  std::ofstream full("/dev/full");
  StreamOutput output(&full);
  output.Append("a", {.rows = 1});
  output.Flush();
  EXPECT_THAT(output.status(), StatusIs(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace assay::client
