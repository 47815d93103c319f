// tests/testing/http_get.h
// One HTTP/1.1 request on a connection of its own, over a real socket.
#ifndef ASSAY_TESTS_TESTING_HTTP_GET_H_
#define ASSAY_TESTS_TESTING_HTTP_GET_H_

#include <string>

namespace assay::testing {

struct HttpReply {
  int status = 0;  // 0: no connection, or no answer.
  std::string head;
  std::string body;
};

// `address` is IPV4:PORT.
HttpReply HttpSend(const std::string& address, const std::string& bytes);
HttpReply HttpGet(const std::string& address, const std::string& path);

}  // namespace assay::testing

#endif  // ASSAY_TESTS_TESTING_HTTP_GET_H_
