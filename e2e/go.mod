module equality-information-api/e2e

go 1.26.0

replace equality-information-api => ../
