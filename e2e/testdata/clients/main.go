// The client calls a server, whose address and token are its arguments, through the package
// that oapi-codegen has generated.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"

	"client/equality"

	"github.com/google/uuid"
	"github.com/oapi-codegen/nullable"
)

func main() {
	ctx := context.Background()
	c, err := equality.NewClientWithResponses(os.Args[1], equality.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+os.Args[2])
		return nil
	}))
	check(err)

	var disabled, other equality.AnswerInput
	check(disabled.FromYesOrNo(true))
	check(other.FromAnswerText("preferNotToSay"))
	target := uuid.New()
	created, err := c.CreateEqualityInformationWithResponse(ctx, nil, equality.EqualityInformationCreate{
		TargetId:    target,
		Nationality: nullable.NewNullableWithValue("british"),
		Disabled:    nullable.NewNullableWithValue(disabled),
	})
	check(err)
	fmt.Printf("created %s, ", created.Headers201.ETag[1:2])

	read, err := c.GetEqualityInformationWithResponse(ctx, target, nil)
	check(err)
	yes, err := read.JSON200.Disabled.AsYesOrNo()
	check(err)
	fmt.Printf("read %v and %s, ", yes, *read.JSON200.Nationality)

	_, err = c.PutPersonWithResponse(ctx, target, nil, equality.PersonInput{FirstName: nullable.NewNullableWithValue("Ada")})
	check(err)
	include := equality.Include{"person"}
	whole, err := c.GetEqualityInformationWithResponse(ctx, target, &equality.GetEqualityInformationParams{Include: &include})
	check(err)
	fmt.Printf("%s with %s, ", *whole.JSON200.PersonStatus, *whole.JSON200.Person.DisplayName)

	patched, err := c.UpdateEqualityInformationWithApplicationMergePatchPlusJSONBodyWithResponse(ctx, target,
		&equality.UpdateEqualityInformationParams{IfMatch: &created.Headers201.ETag},
		equality.EqualityInformationPatch{Nationality: nullable.NewNullNullable[string](), Disabled: nullable.NewNullableWithValue(other)})
	check(err)
	answer, err := patched.JSON200.Disabled.AsPreferNotToSay()
	check(err)
	if patched.JSON200.Nationality == nil {
		fmt.Printf("patched %s without nationality, ", answer)
	}

	limit := 10
	page, err := c.ListEqualityInformationWithResponse(ctx, &equality.ListEqualityInformationParams{Limit: &limit})
	check(err)
	list, err := page.JSON200.AsEqualityInformationList()
	check(err)
	fmt.Printf("listed %d, ", len(list.EqualityInformation))

	check(other.FromAnswerText("certainly"))
	refused, err := c.UpdateEqualityInformationWithResponse(ctx, target, nil,
		equality.EqualityInformationPatch{Disabled: nullable.NewNullableWithValue(other)})
	check(err)
	problem := refused.ApplicationproblemJSON400
	if problem.Type == equality.InvalidBodyTypeDocsproblemsinvalidBody && problem.Status == 400 {
		fmt.Printf("refused %s\n", (*problem.Errors)[0].Pointer[1:])
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
